"use strict";
// What the page says, in both languages.
const WORDS = {
  en: {
    other: "中文", version: "version", up: "up", live: "live",
    lost: "Connection lost. Shown is how it was", ago: "ago", never: "No answer from the program yet.",
    calmAll: "Nothing needs attention.", andMore: (count) => `, and ${count} more`, more: "more", all: "show all", fewer: "show fewer", of: "of", shardsConnected: "shards connected",
    health: { healthy: "Healthy", degraded: "Degraded", starting: "Starting", unhealthy: "Unhealthy", running: "Running" },
    since: "for", ready: "ready for work", notReady: "not ready for work",
    shard: "Shard", shards: { connected: "connected", connecting: "connecting", waiting: "waiting to reconnect", stopped: "stopped" },
    perSecond: "per second", peak: "peak", now: "now",
    events: "Events", received: "Received", handled: "Handled", duplicates: "Duplicates", in_hand: "In hand",
    replies: "Replies", taken: "Delivered", lostReplies: "Failed", errors: "Errors", errorsChart: "Errors and retries", retriesShort: "Retries",
    memory: "Memory", level: "In progress", waiting: "In the outbox",
    sent: "Sent", already_delivered: "Already delivered", pending: "In audit", kept: "Kept for later", failed: "Failed", dropped: "Given up", attempts: "Platform calls",
    within: "within", raised: "Too many errors", calm: "Below the threshold", noErrors: "No errors.", total: "Since the start",
    byKind: "Errors by kind", byOperation: "By operation", breakers: "Circuit breakers", budgets: "Retry budgets",
    breaker: { closed: "closed", half_open: "half-open", open: "open" }, saves: "State", written: "Saves", failing: "Saving fails, for", last: "Last save", neverSaved: "none yet", size: "Size", unsaved: "Unsaved changes", yes: "yes", no: "no",
    counters: "Counters", noAnswer: "no answer", retriesByFunction: "Retries by function", function: "Function", recovered: "Recovered", gaveUp: "Gave up", waited: "Waited",
    noRetries: "No call has failed.", kinds: { Network: "Network", Timeout: "Timeout", RateLimited: "Rate limited", Server: "Server", Authentication: "Authentication", Forbidden: "Forbidden", NotFound: "Not found", InvalidInput: "Invalid input", Conflict: "Conflict", Cancelled: "Cancelled", Other: "Other" },
    reasons: {}, units: { d: "d", h: "h", m: "min", s: "s" },
    findings: {
      none_known: () => "No connection is wanted", none_connected: () => "No connection is there", quiet: () => "No event has come",
      not_connected_yet: ({ connection }) => `Connection ${connection} is being made`, reconnecting: ({ connection }) => `Connection ${connection} is reconnecting`,
      heartbeat_unanswered: ({ connection }) => `Connection ${connection}: a heartbeat was not answered`, heartbeat_timed_out: ({ connection }) => `Connection ${connection}: heartbeats timed out`,
      paused: ({ connection }) => `Connection ${connection} is paused: too much is in hand`, handlers_failing: ({ failures }) => `The last ${failures} handlers have all failed`,
      reported: ({ component, what }) => `${component}: ${what}`,
    },
    causes: {}, // the program's own texts are English
    breakerOpen: (name) => `Circuit breaker ${name} is open`, budgetEmpty: (name) => `Retry budget ${name} is used up`,
    tooMany: (count, span) => `Too many errors: ${count} within ${span}`, savesFail: "The state cannot be saved",
  },
  zh: {
    other: "English", version: "版本", up: "已运行", live: "实时",
    lost: "连接已断开。以下状态截至", ago: "前", never: "程序尚无响应。",
    calmAll: "一切正常，无需处理。", andMore: (count) => `，另有 ${count} 个`, more: "更多", all: "显示全部", fewer: "收起", of: "/", shardsConnected: "个分片已连接",
    health: { healthy: "健康", degraded: "降级", starting: "启动中", unhealthy: "不健康", running: "运行中" },
    since: "已持续", ready: "可以提供服务", notReady: "尚不能提供服务",
    shard: "分片", shards: { connected: "已连接", connecting: "连接中", waiting: "等待重连", stopped: "已停止" },
    perSecond: "每秒", peak: "峰值", now: "现在",
    events: "事件", received: "收到", handled: "已处理", duplicates: "重复", in_hand: "处理中",
    replies: "回复", taken: "已送达", lostReplies: "失败", errors: "错误", errorsChart: "错误与重试", retriesShort: "重试",
    memory: "内存", level: "进行中", waiting: "发件箱中",
    sent: "已发送", already_delivered: "此前已送达", pending: "审核中", kept: "留待发送", failed: "失败", dropped: "已放弃", attempts: "平台调用次数",
    within: "时间窗", raised: "错误过多", calm: "低于阈值", noErrors: "没有错误。", total: "启动以来",
    byKind: "按类型统计的错误", byOperation: "按操作", breakers: "熔断器", budgets: "重试预算",
    breaker: { closed: "闭合", half_open: "半开", open: "断开" }, saves: "状态保存", written: "保存次数", failing: "保存失败，已持续", last: "上次保存", neverSaved: "尚无", size: "大小", unsaved: "未保存的更改", yes: "有", no: "无",
    counters: "计数", noAnswer: "无响应", retriesByFunction: "各函数的重试", function: "函数", recovered: "恢复", gaveUp: "放弃", waited: "等待",
    noRetries: "没有失败的调用。",
    kinds: { Network: "网络", Timeout: "超时", RateLimited: "限流", Server: "服务器错误", Authentication: "身份验证", Forbidden: "被拒绝", NotFound: "未找到", InvalidInput: "无效请求", Conflict: "冲突", Cancelled: "已取消", Other: "其他" },
    reasons: { exhausted: "次数用尽", not_retryable: "不可重试", server_said_no: "服务器拒绝重试", may_have_taken_effect: "可能已生效", would_exceed_deadline: "将超过期限", budget_empty: "预算用尽", breaker_open: "熔断", cancelled: "已取消" },
    units: { d: "天", h: "小时", m: "分钟", s: "秒" },
    findings: {
      none_known: () => "没有任何连接", none_connected: () => "所有连接均已断开", quiet: () => "长时间没有收到事件",
      not_connected_yet: ({ connection }) => `连接 ${connection} 正在首次建立`, reconnecting: ({ connection }) => `连接 ${connection} 正在重连`,
      heartbeat_unanswered: ({ connection }) => `连接 ${connection} 的上一次心跳未得到应答`, heartbeat_timed_out: ({ connection }) => `连接 ${connection} 的心跳应答已超时`,
      paused: ({ connection }) => `连接 ${connection} 已暂停读取：待处理的事件过多`, handlers_failing: ({ failures }) => `最近 ${failures} 次处理全部失败`,
      reported: ({ component, what }) => `${component}：${what}`,
    },
    causes: {
      token: "无法获取访问令牌", look_up: "无法查询网关地址", unreachable: "无法连接网关", timed_out: "连接网关超时", closed: "网关关闭了连接", lost: "连接中断",
      dead: "连续两次心跳无应答", unacknowledged: "心跳应答超时", asked: "程序要求重连", reconnect: "网关要求重连", invalid_session: "会话无效", no_session: "网关未给出会话", starts_spent: "今日登录次数已用尽", not_begun: "无法启动",
    },
    breakerOpen: (name) => `熔断器 ${name} 已断开`, budgetEmpty: (name) => `重试预算 ${name} 已用尽`,
    tooMany: (count, span) => `错误过多：${span}内 ${count} 个`, savesFail: "状态无法保存",
  },
};

let language = remembered() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

function word(key) { return WORDS[language][key]; }

// A word for what the program names; its own name where there is none.
function named(group, key) { return word(group)[key] ?? key.replaceAll("_", " "); }

function remembered() {
  try {
    const kept = localStorage.getItem("language");
    return kept in WORDS ? kept : null;
  } catch { return null; }
}

function speak(next) {
  language = next;
  try { localStorage.setItem("language", next); } catch { /* it is remembered while the page is open */ }
}

// In full, as long as each digit is certain and there is room for them.
function number(value, digits = 0) {
  const options = value < 1e15 ? { minimumFractionDigits: digits, maximumFractionDigits: digits } : { notation: "scientific", maximumFractionDigits: 2 };
  return value.toLocaleString(language, options);
}

function rate(value) { return number(value, value < 100 ? 1 : 0); }

function bytes(value) { return `${number(value / 1048576, 1)} MiB`; }

function span(ms) {
  const unit = word("units"), gap = language === "zh" ? "" : " ";
  let seconds = Math.floor(ms / 1000);
  const parts = [];
  for (const [size, name] of [[86400, unit.d], [3600, unit.h], [60, unit.m], [1, unit.s]]) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0 || (size === 1 && parts.length === 0)) parts.push(`${count}${gap}${name}`);
  }
  return parts.slice(0, 2).join(" ");
}

function ago(ms) { return `${span(ms)}${language === "zh" ? "" : " "}${word("ago")}`; }
