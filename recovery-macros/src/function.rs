//! The function under the attribute. Its body is not read: it is re-emitted token by token, so that
//! an editor completes in it while it is still half written, and the compiler has less to do.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Block, Expr, ItemFn, Stmt, token};

/// A function, and its body apart.
pub(crate) struct Function {
    /// All but the body: its block is empty.
    pub(crate) item: ItemFn,
    pub(crate) body: Body,
}

/// What stands between the braces of a block.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) brace: token::Brace,
    pub(crate) tokens: TokenStream,
}

impl Function {
    /// Reads all but the body.
    pub(crate) fn parse(item: TokenStream) -> syn::Result<Self> {
        let mut tokens: Vec<TokenTree> = item.into_iter().collect();
        let braces = match tokens.pop() {
            Some(TokenTree::Group(group)) => braces(group),
            _ => None,
        };
        let Some(braces) = braces else {
            return Err(syn::Error::new(Span::call_site(), "expected a body"));
        };
        let (inner, body) = Body::parse.parse2(braces.into_token_stream())?;
        tokens.push(Group::new(Delimiter::Brace, TokenStream::new()).into());
        let mut item: ItemFn = syn::parse2(tokens.into_iter().collect())?;
        item.attrs.extend(inner);
        Ok(Self { item, body })
    }

    /// The whole, with `tokens` in the user's own braces.
    pub(crate) fn with_body(mut self, tokens: TokenStream) -> TokenStream {
        *self.item.block = self.body.block(tokens);
        self.item.into_token_stream()
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut item = self.item.clone();
        *item.block = self.body.block(self.body.tokens.clone());
        item.to_tokens(tokens);
    }
}

impl Body {
    /// The attributes at the beginning of a block are those of the function.
    fn parse(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, Self)> {
        let content;
        let brace = syn::braced!(content in input);
        let attrs = content.call(Attribute::parse_inner)?;
        let tokens = content.parse()?;
        Ok((attrs, Self { brace, tokens }))
    }

    pub(crate) fn of(block: &Block) -> Self {
        let stmts = &block.stmts;
        Self {
            brace: block.brace_token,
            tokens: quote::quote!(#(#stmts)*),
        }
    }

    /// A block between the same braces.
    pub(crate) fn block(&self, tokens: TokenStream) -> Block {
        Block {
            brace_token: self.brace,
            stmts: vec![Stmt::Expr(Expr::Verbatim(tokens), None)],
        }
    }

    /// The body as statements.
    pub(crate) fn parsed(&self) -> syn::Result<Block> {
        Ok(Block {
            brace_token: self.brace,
            stmts: Block::parse_within.parse2(self.tokens.clone())?,
        })
    }
}

/// Whether the tokens speak of a variable.
pub(crate) fn mention(tokens: TokenStream, ident: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == *ident,
        TokenTree::Group(group) => mention(group.stream(), ident),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The braces, also in the invisible group that a `macro_rules!` puts around a block.
fn braces(group: Group) -> Option<Group> {
    match group.delimiter() {
        Delimiter::Brace => Some(group),
        Delimiter::None => match group.stream().into_iter().last() {
            Some(TokenTree::Group(inner)) => braces(inner),
            _ => None,
        },
        Delimiter::Parenthesis | Delimiter::Bracket => None,
    }
}
