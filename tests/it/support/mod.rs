//! The program, its servers and its terminal, as every scenario uses them.

pub(crate) mod program;
pub(crate) mod range;
pub(crate) mod raw_server;
pub(crate) mod signals;
pub(crate) mod terminal;
pub(crate) mod three_pages;
pub(crate) mod tls_server;

/// The present by this machine's clock, in Unix seconds.
pub(crate) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Says that a scenario did not run.
pub(crate) fn say_left_out(reason: &str) {
    say(&format!("left out: {reason}"));
}

/// Says something that a test cannot assert, such as how much it has tried.
#[expect(
    clippy::print_stderr,
    reason = "the test harness has no other way to say it"
)]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
