use std::path::PathBuf;

use super::*;

fn read(source: &str) -> Result<Config, ConfigError> {
    read::config(source, PathBuf::new())
        .map_err(|problems| ConfigError::new("accounts.toml".into(), source.to_owned(), problems))
}

#[test]
fn show() {
    let dir = std::env::var("SHOW").unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        match load(&entry.unwrap().path()) { Ok(c) => println!("OK {c:#?}"), Err(e) => println!("{e}\n=====") }
    }
}
