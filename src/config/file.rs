//! From a path to text: what can be wrong before there is any TOML.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::problem::Problem;

/// What a first file looks like.
const MINIMAL: &str = r#"deployment = "privatelink"

[organization]
regions = ["eu-west-1"]

[endpoints.ecr]
[endpoints.logs]
[endpoints.ssm]"#;

/// No accounts.toml is longer; this keeps a device or a wrong file from filling the memory.
const MAX_BYTES: u64 = 4 << 20;

/// The text of a file, or what is wrong with it as a file.
pub(super) fn text(path: &Path) -> Result<String, Problem> {
    let shown = path.display();
    let bytes = bytes(path).map_err(|error| refused(path, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Problem::of_file(
            format!("{shown} is longer than {} MiB", MAX_BYTES >> 20),
            "name an accounts.toml",
        ));
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let Some(text) = text else {
        return Err(Problem::of_file(
            format!("{shown} is not a text file"),
            "accounts.toml is TOML in UTF-8; save it as UTF-8, or name another file",
        ));
    };
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(Problem::of_file(
            format!("{shown} is empty"),
            format!("the least it can say is:\n\n{MINIMAL}"),
        ));
    }
    Ok(text)
}

/// The content, cut off one byte after the limit.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn refused(path: &Path, error: &io::Error) -> Problem {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Problem::of_file(
            format!("there is no {shown}"),
            format!(
                "run `linkwalk init`, which proposes one from your organization; or write one, the least it \
                 can say is:\n\n{MINIMAL}"
            ),
        ),
        io::ErrorKind::IsADirectory => Problem::of_file(
            format!("{shown} is a directory"),
            format!("name the file in it: {}", path.join("accounts.toml").display()),
        ),
        io::ErrorKind::PermissionDenied => Problem::of_file(
            format!("{shown} cannot be read: permission denied"),
            "make it readable for the user who runs linkwalk",
        ),
        _ => Problem::of_file(
            format!("{shown} cannot be read: {error}"),
            "name a readable accounts.toml",
        ),
    }
}
