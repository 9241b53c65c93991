//! Whole files: what is refused and how, what is merged, who is a consumer.

mod fuzz;
mod merged;
mod refused;
mod standing;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::model::account::AccountState;

const EXAMPLE: &str = include_str!("../../../accounts.toml");

fn read_in(source: &str, folder: PathBuf) -> Result<Config, ConfigError> {
    read::config(source, folder)
        .map_err(|problems| ConfigError::new("accounts.toml".into(), source.to_owned(), problems))
}

fn read(source: &str) -> Result<Config, ConfigError> {
    read_in(source, PathBuf::new())
}

/// A file that is right but for what `body` says; `body` begins at line 2.
fn file(body: &str) -> String {
    let mut file = format!("deployment = \"d\"\n{body}\n");
    if !body.contains("[organization") && !body.contains("organization.") {
        file.push_str("[organization]\nregions = [\"eu-west-1\"]\n");
    }
    if !body.contains("[endpoints") && !body.contains("endpoints.") {
        file.push_str("[endpoints.logs]\n");
    }
    file
}

fn config(body: &str) -> Config {
    read(&file(body)).unwrap_or_else(|error| panic!("{error}"))
}

const LAYERED: &str = r#"
[organization]
regions = ["eu-west-1", "eu-west-2"]
[network]
subnets = "all"
[endpoints.kms]
private_dns = true
tags = { a = "base", b = "base" }
[endpoints.logs]
subnets = "private"
[tags]
team = "base"
[name_tag]
template = "{service}"
[[override]]
accounts = ["ou:/Production/**"]
network.subnets = { tags = { tier = "endpoint" } }
endpoints.kms = { tags = { b = "over" }, private_dns = false }
endpoints.sqs = {}
tags = { extra = "1" }
[[override]]
accounts = ["ou:/Production/Special"]
regions = ["eu-west-2"]
endpoints.kms = { enabled = false }
name_tag = false
tags = { team = "special" }
"#;

fn account(path: &str) -> Account {
    Account {
        id: "111122223333".parse().unwrap(),
        name: "payments-prod".into(),
        email: "p@example.com".into(),
        ou_path: path.into(),
        ou_ids: Vec::new(),
        tags: Some(BTreeMap::from([("linkwalk".into(), "off".into())])),
        state: AccountState::Active,
    }
}

#[test]
fn the_example_file_is_right_and_says_what_the_reader_expects() {
    let config = load(std::path::Path::new("accounts.toml")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.deployment, "privatelink");
    assert_eq!(config.partition(), "aws");
    assert!(config.needs_tags());
    let staging = config.settings(&account("/Workloads/Staging"), &"eu-west-1".into());
    let services: Vec<_> = staging.endpoints.iter().map(|spec| spec.table.as_str()).collect();
    assert_eq!(services, ["ecr", "ecr", "kms", "logs", "ecr", "ssm", "ssm"]);
    let production = config.settings(&account("/Workloads/Production"), &"eu-west-1".into());
    assert_eq!(production.endpoints.len(), 6);
    let elsewhere = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    assert!(read(&elsewhere).is_ok(), "{}", read(&elsewhere).unwrap_err());
}

#[test]
fn every_toml_block_of_the_reference_is_right_and_every_key_is_in_it() {
    let reference = include_str!("../../../docs/accounts-toml.md");
    let blocks: Vec<_> = reference.split("```toml\n").skip(1).collect();
    assert!(blocks.len() > 8);
    for block in blocks {
        let block = block.split("```").next().unwrap();
        let source = if block.contains("deployment =") { block.to_owned() } else { file(block) };
        assert!(read(&source).is_ok(), "{source}\n{}", read(&source).unwrap_err());
    }
    for key in schema::KEYS {
        assert!(reference.contains(key.name), "`{}` is not in the reference", key.name);
    }
}

#[test]
fn the_roster_is_read_as_active_accounts() {
    let config = config(
        "[[account]]\nid = \"012345678901\"\nname = \"n\"\nou = \"/A B/C\"\ntags = { k = \"v\" }\n\
         [[account]]\nid = \"111122223333\"",
    );
    let [first, second] = config.roster.as_slice() else { panic!("{:?}", config.roster) };
    assert_eq!((first.id.as_str(), first.ou_path.as_str()), ("012345678901", "/A B/C"));
    assert_eq!(first.tags, Some(BTreeMap::from([("k".into(), "v".into())])));
    assert_eq!((second.name.as_str(), second.ou_path.as_str()), ("111122223333", "/"));
    assert_eq!(second.state, AccountState::Active);
}
