//! The audit's reports, judged by what is not ours: the formats' own schemas, AWS's model of its API,
//! an HTML checker and a browser.

mod samples;

use std::fs;
use std::path::{Path, PathBuf};

use linkwalk::audit::Audit;
use linkwalk::report::audit::{Format, render};

/// A folder with a sample in every format; it stays, to be looked at.
fn written(name: &str, audit: &Audit) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports").join(name);
    fs::create_dir_all(&folder).unwrap();
    for format in Format::ALL {
        fs::write(folder.join(format.as_str()), render(audit, format)).unwrap();
    }
    folder
}

#[test]
fn samples_are_written() {
    for (name, audit) in [
        ("empty", samples::empty()),
        ("clean", samples::clean(6)),
        ("rich", samples::rich()),
        ("large", samples::large(1000)),
    ] {
        println!("{}", written(name, &audit).display());
    }
}
