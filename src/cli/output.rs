//! The output: standard output or a file, checked before it is used.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use verkada_audit_logs::doctor;
use verkada_audit_logs::pull::Output;

/// Opens the file of `--output`, or standard output.
///
/// # Errors
///
/// Names the flag if the file cannot be opened. Standard output that was closed is an error, not a place where records
/// vanish.
pub(crate) fn open(path: Option<&Path>) -> io::Result<Output> {
    match path {
        Some(path) => Output::append(path).map_err(|error| unusable(path, &error)),
        None => Output::standard(standard_output()?),
    }
}

/// Reports whether the lines go to a file, which shows the next run what it holds.
pub(crate) fn is_file(path: Option<&Path>) -> bool {
    let metadata = match path {
        Some(path) => std::fs::metadata(path),
        None => duplicate_standard_output().and_then(|output| output.metadata()),
    };
    metadata.is_ok_and(|metadata| metadata.is_file())
}

/// Checks that [`open`] would succeed, without creating or opening the file of `--output`.
///
/// # Errors
///
/// As for [`open`].
pub(crate) fn look(path: Option<&Path>) -> io::Result<()> {
    match path {
        Some(path) => doctor::could_append(path).map_err(|error| unusable(path, &error)),
        None => standard_output().map(drop),
    }
}

fn unusable(path: &Path, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "; create the folder",
        _ => "",
    };
    let message = format!("--output {}: {error}{hint}", path.display());
    io::Error::new(error.kind(), message)
}

/// Returns standard output without a buffer of its own: lines are gathered before they are written.
///
/// If standard output was closed, the runtime has put the null device in its place, which would swallow every record.
/// It opens the device for reading too, which a shell does not do. Some programs that start others do; they get the
/// same error.
fn standard_output() -> io::Result<File> {
    let mut output = duplicate_standard_output()?;
    let device = output.metadata()?.rdev();
    let is_null = std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == device);
    if is_null && output.read(&mut [0]).is_ok() {
        let reason =
            "standard output is closed or discarded; redirect it, or name a file with --output";
        return Err(io::Error::other(reason));
    }
    Ok(output)
}

fn duplicate_standard_output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}
