//! stdout and stderr: handled writes, colour, progress, panics.

use std::io::{self, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Exit;

/// What to say if the program breaks: scenario hash and seed of the work in hand.
static IN_HAND: Mutex<String> = Mutex::new(String::new());

/// The terminal.
pub(super) struct Console {
    colour: bool,
}

impl Console {
    pub(super) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { colour: wanted && io::stderr().is_terminal() }
    }

    /// Whether stderr takes colours.
    pub(super) fn colour(&self) -> bool {
        self.colour
    }

    /// Writes to stdout; a reader that went away (`| head`) is no error.
    pub(super) fn out(&mut self, text: &str) -> Result<(), Exit> {
        let mut to = io::stdout().lock();
        let written = to.write_all(text.as_bytes()).and_then(|()| to.flush());
        match written {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                drop(to);
                self.say(&format!("error: cannot write to stdout: {e}\n"));
                Err(Exit::Machine)
            }
            _ => Ok(()),
        }
    }

    /// Writes to stderr; if that fails, nobody could be told.
    pub(super) fn say(&mut self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A bar of `total` steps of `what` on stderr; hidden when stderr is no terminal or `quiet`.
    pub(super) fn bar(&self, total: u64, what: &str, quiet: bool) -> ProgressBar {
        let bar = ProgressBar::new(total);
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template(&format!(
            "{{bar:40}} {{percent:>3}} % of {what}, {{eta}} left"
        ));
        bar.with_style(style.expect("the template is legal"))
    }
}

/// Notes what is in hand, for the text of a panic.
pub(super) fn in_hand(text: String) {
    if let Ok(mut it) = IN_HAND.lock() {
        *it = text;
    }
}

/// Makes a panic say what we need to replay it.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let at = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        let payload = info.payload();
        let what = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let doing = IN_HAND.lock().map(|it| it.clone()).unwrap_or_default();
        let command: Vec<String> =
            std::env::args_os().map(|a| format!("{:?}", a.to_string_lossy())).collect();
        let text = format!(
            "highwater {} broke: this is our bug, not yours.\n  what:    {what}\n  where:   {at}\n{doing}  \
             replay:  {}\nPlease report these lines with the scenario file.\n",
            env!("CARGO_PKG_VERSION"),
            command.join(" "),
        );
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }));
}

/// Runs `work`; a panic becomes exit code 70.
pub(super) fn catching(work: impl FnOnce() -> Result<Exit, Exit>) -> Exit {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(exit) | Err(exit)) => exit,
        Err(_) => Exit::Bug,
    }
}
