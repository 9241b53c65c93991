//! No text panics.

use proptest::prelude::*;

use super::*;

/// Reads and, where the file is refused, renders: neither may panic, and a file that is accepted has
/// settings.
fn survives(source: &str) {
    match read(source) {
        Ok(config) => {
            for region in &config.organization.regions {
                let _ = config.settings(&account("/Workloads"), region);
            }
            let _ = config.explain(&account("/Workloads"), None);
        }
        Err(error) => assert!(!error.render(true).is_empty() && error.count() > 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_file_panics(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[\\[\\]{}=\"'.,#\\\\\n *a-z0-9é-]{0,6}"), 1..6)
    ) {
        for start in [EXAMPLE.to_owned(), file(LAYERED)] {
            let mut chars: Vec<char> = start.chars().collect();
            for (at, length, insert) in &cuts {
                let from = at.index(chars.len());
                let to = (from + length).min(chars.len());
                chars.splice(from..to, insert.chars());
                chars.push('\n');
            }
            survives(&chars.into_iter().collect::<String>());
        }
    }

    #[test]
    fn no_heap_of_fragments_panics(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "[", "]", "[[", "]]", "{", "}", "=", "\n", "\"", "'", ",", ".", "#", "1", "012345678901",
                "true", "a", "endpoints", "override", "account", "organization", "ecr", "s3", "service",
                "type", "\"*\"", "\"{\"", "\"ou:/**\"", "\"\"\"", "\r", "\u{1b}", "é", "policy", "tags",
                "[endpoints.s3]\n", "[[override]]\n", "service = \"s3\"\n", "enabled = false\n",
            ]),
            0..60,
        )
    ) {
        survives(&pieces.concat());
    }

    #[test]
    fn no_text_panics(text in any::<String>(), pattern in "[\\[\\]{}*?\\\\!a-c^,-]{0,80}") {
        survives(&text);
        let _ = format!("name:{pattern}").parse::<Selector>();
        let _ = format!("ou:/{pattern}").parse::<Selector>();
        let _ = text.parse::<Selector>();
    }
}
