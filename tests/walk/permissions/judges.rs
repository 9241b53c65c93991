//! What `linkwalk role` writes, judged by what is not ours: AWS's schemas, a linter of policies, a parser of
//! Terraform's language.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Everything that changes a template is said in it.
const RICH: &str = r#"
deployment = "privatelink"
[organization]
role = "platform/linkwalk"
regions = ["eu-west-1", "eu-central-1"]
external_id = "a-secret:1"
source_identity = "linkwalk"
session_tags = { team = "net" }
[endpoints.ecr]
[endpoints.partner]
service = "com.amazonaws.vpce.{region}.vpce-svc-0123456789abcdef0"
type = "interface"
[accounts]
include = ["tag:linkwalk=on"]
[lock]
bucket = "s3://my-locks/linkwalk/"
[notify]
sns_topic = "arn:aws:sns:eu-west-1:111122223333:news"
"#;

const PLAIN: &str = r#"
deployment = "china"
[organization]
regions = ["cn-north-1"]
via = ["arn:aws-cn:iam::111122223333:role/hub", "arn:aws-cn:iam::222233334444:role/spoke"]
[endpoints.logs]
"#;

const EVERYTHING: &str = "plan,audit,doctor,apply,adopt,sync,destroy,fix-vpc-dns,shared-root";

/// `linkwalk role` in a folder without credentials.
pub(super) fn role(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .arg("role")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    (output.status.code(), out, err)
}

#[track_caller]
fn done(folder: &Path, arguments: &[&str]) {
    let (code, _, err) = role(folder, arguments);
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn every_format_of_every_role_is_accepted_by_its_own_judge() {
    let folder = TempDir::new().unwrap();
    let runner = "arn:aws:iam::111122223333:role/net/runner";
    let known = ["--organization", "o-a1b2c3d4e5"];
    let mut folders = Vec::new();
    for (name, toml) in [("rich", RICH), ("plain", PLAIN)] {
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        fs::write(place.join("accounts.toml"), toml).unwrap();
        for format in ["cloudformation", "terraform", "json"] {
            let all = ["--format", format, "--for", EVERYTHING, "--trust", runner, "--out", "all"];
            done(&place, &[&all[..], &known].concat());
            let caller = ["--format", format, "--caller", "--out", "all"];
            done(&place, &[&caller[..], &known].concat());
        }
        // With parameters, as without credentials.
        for format in ["cloudformation", "terraform"] {
            done(&place, &["--format", format, "--out", "open"]);
        }
        folders.extend(["all", "open"].map(|it| place.join(it)));
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let home = Command::new(scripts.join("venv"))
        .arg(scripts.join("requirements-policies.txt"))
        .output()
        .unwrap();
    let home = String::from_utf8(home.stdout).unwrap();
    let judged = Command::new(Path::new(home.trim()).join("bin/python"))
        .args(["-W", "ignore"])
        .arg(scripts.join("witness/policies.py"))
        .args(folders)
        .output()
        .unwrap();
    let [out, err] = [judged.stdout, judged.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(judged.status.success(), "{out}\n{err}");
}

#[test]
fn what_cannot_be_printed_is_said_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let place = folder.path();
    fs::write(place.join("accounts.toml"), RICH).unwrap();
    for (arguments, says) in [
        (&["--format", "json"][..], "it needs --organization and --trust"),
        (&["--trust", "arn:aws:sts::111122223333:assumed-role/a/b"], "one session of a role"),
        (&["--organization", "123"], "write an organization's id"),
        (&["--for", "everything"], "possible values: plan, audit"),
        (&["-o", "jsonl"], "--format cloudformation, terraform or json"),
        (&["--caller", "--for", "plan"], "cannot be used with"),
    ] {
        let (code, out, err) = role(place, arguments);
        assert_eq!((code, out.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
    let out = ["--organization", "none", "--trust", "111122223333", "--out", "x"];
    done(place, &out);
    let (code, _, err) = role(place, &out);
    assert_eq!(code, Some(64));
    assert!(err.contains("is there already: --overwrite"), "{err}");
    done(place, &[&out[..], &["--overwrite"]].concat());
}

#[test]
fn the_role_that_aws_makes_is_not_made_again() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("accounts.toml"), PLAIN).unwrap();
    let (code, out, err) = role(folder.path(), &[]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("RoleName: linkwalk-member"), "{out}");
    assert!(!out.contains("OrganizationAccountAccessRole"), "{out}");
    assert!(err.contains("is made by AWS") && err.contains("role = \"linkwalk-member\""), "{err}");
    assert!(out.contains("aws:PrincipalArn: arn:aws-cn:iam::222233334444:role/spoke"), "{out}");
    assert!(out.contains("aws:PrincipalOrgID: !Ref OrganizationId"), "{out}");
}
