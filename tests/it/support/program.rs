//! The real binary in a folder of its own, with nothing of this machine's environment.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use verkada_audit_logs::demo::DemoServer;

use super::raw_server::RawServer;
use super::say_left_out;
use super::signals;

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_verkada-audit-logs");

/// A key for servers that accept any.
pub(crate) const KEY: &str = "vkd_api_key-of-the-scenarios";

/// A range of ten minutes, shorter than an interval.
pub(crate) const RANGE: [&str; 4] = ["--start", "1789401600", "--end", "1789402200"];

/// The flags that read every record of the source `only`.
pub(crate) fn every_record_of(only: &str) -> Vec<&str> {
    let filter: &[_] = match only {
        "audit-logs" => &["--all-events"],
        _ => &[],
    };
    [&["--only", only], filter].concat()
}

/// A folder in which the program is run, and what every run in it has in common.
pub(crate) struct Program {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// The exit code and the output of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Without a key and without a server.
    pub(crate) fn bare() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// The same in memory, where there is such a folder: a sync takes no time.
    pub(crate) fn in_memory() -> Self {
        Self {
            folder: folder_in_memory(),
            variables: Vec::new(),
        }
    }

    /// Asks the server at `base_url` with `key`.
    pub(crate) fn asking(base_url: &str, key: &str) -> Self {
        Self::bare()
            .with("VERKADA_BASE_URL", base_url)
            .with("VERKADA_API_KEY", key)
    }

    /// Asks the scripted server.
    pub(crate) fn asking_raw(server: &RawServer) -> Self {
        Self::asking(server.base_url(), KEY)
    }

    /// Asks the simulated organisation.
    pub(crate) fn asking_demo(server: &DemoServer) -> Self {
        Self::asking(&server.base_url(), server.api_key())
    }

    /// Sets a variable for every run.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The path of `name` in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Makes a named pipe in the folder.
    pub(crate) fn make_pipe(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.path(name)).status();
        assert!(made.unwrap().success());
    }

    /// The names in the folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The command, for those who need more than [`Program::run`].
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments);
        self.prepare(command)
    }

    fn prepare(&self, mut command: Command) -> Command {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `script`, which starts the program by itself, in a shell with the same environment.
    pub(crate) fn shell(&self, script: &str) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        self.prepare(command).output().unwrap().into()
    }

    /// Returns a function that runs the program where `mount`, the arguments of that command, has been mounted for it alone.
    /// `None` where this user may mount nothing, which is said.
    pub(crate) fn mounting(&self, mount: &str) -> Option<impl Fn(&str) -> Ended> {
        let run = move |arguments: &str| {
            self.shell(&format!(
                "exec unshare -m sh -c 'mount {mount} && exec {BINARY} {arguments}'"
            ))
        };
        let tried = run("--version");
        if tried.code == Some(0) {
            return Some(run);
        }
        say_left_out(&format!("nothing can be mounted here: {}", tried.stderr));
        None
    }

    /// Starts the program without waiting for it.
    pub(crate) fn spawn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Starts the program such that signals stop it, even where the tests themselves were started to ignore them.
    pub(crate) fn spawn_stoppable<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Child {
        self.command_stoppable(arguments).spawn().unwrap()
    }

    /// The command for it.
    pub(crate) fn command_stoppable<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = signals::stoppable(BINARY);
        command.args(arguments);
        self.prepare(command)
    }

    /// Runs the program to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        self.command(arguments).output().unwrap().into()
    }
}

/// A folder in memory where the system has one, and on disk elsewhere.
pub(crate) fn folder_in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// The lines on standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Checks that the run went well and said nothing.
    #[track_caller]
    pub(crate) fn quietly(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
        self
    }

    /// Checks the exit code, that nothing was printed, and that the one line of standard error holds `words`.
    #[track_caller]
    pub(crate) fn refuses(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert_eq!(self.stdout, "");
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.says(words)
    }

    /// Checks that standard error holds `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "no “{word}” in: {}",
                self.stderr
            );
        }
        self
    }
}
