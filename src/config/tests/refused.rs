//! What is refused, and how it is said.

use super::*;
use crate::model::policy::PolicyDocument;

/// The parts of `mistakes.txt`: what the file says, the place, part of the message, of the help.
fn mistakes() -> Vec<(String, [&'static str; 3])> {
    let (_, text) = include_str!("mistakes.txt").split_once("## ").unwrap();
    let mut mistakes = Vec::new();
    let mut body = String::new();
    for line in text.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with("## ")) {
        match line.strip_prefix("#> ") {
            None => {
                body.push_str(&line.replace("LONG", &"x".repeat(300)));
                body.push('\n');
            }
            Some(expected) => {
                let parts: Vec<_> = expected.splitn(3, " | ").collect();
                mistakes.push((std::mem::take(&mut body), parts.try_into().unwrap()));
            }
        }
    }
    mistakes
}

#[test]
fn each_mistake_is_one_problem_with_its_place_and_its_cure() {
    let mistakes = mistakes();
    assert!(mistakes.len() > 100, "{}", mistakes.len());
    let mut wrong = Vec::new();
    for (body, [place, title, help]) in mistakes {
        let text =
            read(&file(&body)).map_or_else(|error| error.render(false), |_| "accepted".into());
        let is_one = text.matches("error: ").count() == 1;
        let parts = [&format!("accounts.toml:{place}\n"), title, help];
        if !is_one || !parts.iter().all(|part| text.contains(part)) {
            wrong.push(format!("{body}{parts:?}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_problem_shows_its_line_underlined_with_the_other_place_and_what_to_do() {
    let error = read(&file("[endpoints.s3]\n[endpoints.bucket]\nservice = \"s3\"")).unwrap_err();
    insta::assert_snapshot!(error.render(false), @r#"
    error: `bucket` and `s3` lead to the same gateway endpoint
     --> accounts.toml:3:12
      |
    2 | [endpoints.s3]
      |            -- the other one
    3 | [endpoints.bucket]
      |            ^^^^^^
      |
      = help: put both into one table, or give one of them another `type`
    "#);
    assert!(error.render(true).contains("\u{1b}["));
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn a_file_with_ten_problems_reports_all_ten_in_order() {
    let source = r#"deployment = "a b"
colour = "blue"
[organization]
regions = ["eu-wset-1"]
shared_root = [111122223333]
[accounts]
include = ["uo:/W"]
[security_group]
ingress = ["10.0.0.1/8"]
[endpoints.lgos]
[endpoints.s3]
subnets = "all"
[rollout]
waves = []
[[override]]
accounts = ["*"]
"#;
    let text = read(source).unwrap_err().to_string();
    let lines: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("--> accounts.toml:")).collect();
    let expected =
        ["1:14", "2:1", "4:12", "5:16", "7:12", "9:12", "10:12", "12:11", "14:9", "15:1"];
    assert_eq!(lines, expected, "{text}");
    assert!(text.ends_with("error: 10 problems in accounts.toml"), "{text}");
}

#[test]
fn what_is_not_there_is_said_of_the_whole_file() {
    let text = read("# nothing yet\n").unwrap_err().to_string();
    for part in
        ["`deployment` is missing", "`organization.regions` is missing", "no endpoints are wanted"]
    {
        assert!(text.contains(part), "{text}");
    }
    let misspelt =
        "deploymnet = \"d\"\n[organisation]\nregions = [\"eu-west-1\"]\n[endpoint.logs]\n";
    let error = read(misspelt).unwrap_err();
    assert_eq!(error.count(), 3, "{error}");
}

#[test]
fn what_follows_from_a_syntax_error_is_not_reported_besides_it() {
    let source = "deployment = privatelink\n[organization]\nregions = [\"eu-wset-1\"]\n";
    let text = read(source).unwrap_err().to_string();
    assert!(text.contains("text must be in quotes") && text.contains("is not a region"), "{text}");
    assert!(!text.contains("endpoints are wanted"), "{text}");
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    for source in [
        "\"a\u{7f}\u{1b}[31m\" = 1",
        "x = \"\u{1b}]0;t\u{7}\"",
        "\u{202e}x = 1",
        "\"\\u001b[2J\" = 1",
    ] {
        let text = read(source).unwrap_err().to_string();
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }
}

#[test]
fn what_is_no_readable_file_says_so_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, content) in [
        ("empty.toml", &b" \n"[..]),
        ("binary.toml", b"a\0b"),
        ("latin1.toml", b"# caf\xe9\n"),
        ("long.toml", &vec![b'#'; (4 << 20) + 1]),
    ] {
        std::fs::write(path(name), content).unwrap();
    }
    std::fs::create_dir(path("folder")).unwrap();
    for (name, title, help) in [
        ("none.toml", "there is no", "[endpoints.ecr]"),
        ("empty.toml", "is empty", "[endpoints.ecr]"),
        ("binary.toml", "is not a text file", "UTF-8"),
        ("latin1.toml", "is not a text file", "UTF-8"),
        ("long.toml", "longer than 4 MiB", "accounts.toml"),
        ("folder", "is a directory", "accounts.toml"),
    ] {
        let text = load(&path(name)).unwrap_err().to_string();
        for part in [title, help, name] {
            assert!(text.contains(part), "{name}: {text}");
        }
    }
}

#[test]
fn an_unreadable_file_says_that_permission_is_missing() {
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let problem = file::refused(std::path::Path::new("accounts.toml"), &denied);
    assert!(problem.title.contains("permission denied"), "{problem:?}");
}

#[test]
fn policy_files_are_read_beside_the_file_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let allow = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}"#;
    let long = allow.replace("kms:*", &format!("kms:{}", "k".repeat(20_480)));
    for (name, content) in [
        ("ok.json", allow),
        ("shape.json", "{\"Statement\": []}"),
        ("broken.json", "{"),
        ("long.json", &long),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::fs::write(folder.path().join("binary.json"), b"\xff").unwrap();
    let with = |name| {
        let body = format!("[endpoints.kms]\npolicy = {{ file = \"{name}\" }}");
        read_in(&file(&body), folder.path().to_owned())
    };
    let settings = with("ok.json").unwrap().settings(&account("/"), &"eu-west-1".into());
    assert_eq!(settings.endpoints[0].policy, PolicyDocument::observed(allow).into());
    let bundle = file("[endpoints.ecr]\npolicy = { file = \"ok.json\" }");
    let text = read_in(&bundle, folder.path().to_owned()).unwrap_err().to_string();
    assert!(text.contains("one file does not fit several services"), "{text}");
    for (name, says) in [
        ("shape.json", "at least one `Statement`"),
        ("broken.json", "broken.json, line 1: it is not JSON"),
        ("shape.json", "it has no `Version`"),
        ("long.json", "characters"),
        ("binary.json", "not a text file"),
        ("none.json", "cannot be read"),
    ] {
        let text = with(name).unwrap_err().to_string();
        assert!(text.contains(says) && text.contains("accounts.toml:3:19"), "{text}");
    }
}
