//! The platform's identity: a throw-away authority and one certificate for the QQ hosts.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::{options::StartError, proxy::Host};

/// Longer than any run, short enough that a forgotten certificate soon means nothing.
const VALID_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
const CLOCK_SKEW: Duration = Duration::from_secs(24 * 3600);

/// What a TLS server needs, and what its clients need to trust it.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority's certificate; its key is gone by now.
    pub(crate) authority_pem: String,
}

impl Identity {
    /// Makes a new authority and lets it sign once. Neither key ever leaves memory.
    pub(crate) fn generate() -> Result<Self, StartError> {
        let certificates = Certificates::generate().map_err(failed)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certificates.key_der));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(vec![certificates.leaf.der().clone()], key)
            .map_err(failed)?;
        // The tunnel speaks HTTP/1.1 only, so that a torn connection tears exactly one call.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority_pem: certificates.authority_pem,
        })
    }
}

struct Certificates {
    leaf: rcgen::Certificate,
    key_der: Vec<u8>,
    authority_pem: String,
}

impl Certificates {
    fn generate() -> Result<Self, rcgen::Error> {
        let names: Vec<String> = Host::ALL.map(|host| host.name().to_owned()).to_vec();
        let now = SystemTime::now();

        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "loopback platform throw-away authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // Even whoever trusts this authority trusts it for these hosts only.
        authority.name_constraints = Some(NameConstraints {
            permitted_subtrees: names.iter().cloned().map(GeneralSubtree::DnsName).collect(),
            excluded_subtrees: Vec::new(),
        });
        authority.not_before = (now - CLOCK_SKEW).into();
        authority.not_after = (now + VALID_FOR).into();
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name
            .push(DnType::CommonName, "loopback platform");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        leaf.not_before = (now - CLOCK_SKEW).into();
        leaf.not_after = (now + VALID_FOR).into();
        let key = KeyPair::generate()?;
        Ok(Self {
            leaf: leaf.signed_by(&key, &authority)?,
            key_der: key.serialize_der(),
            authority_pem: authority.pem(),
        })
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::Certificate(Box::new(error))
}
