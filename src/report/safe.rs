//! Text that others typed, made fit for a terminal.

/// Takes out what could move the cursor, colour the screen or turn the reading direction.
pub fn text(untrusted: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{061C}')
    };
    untrusted.chars().filter(|c| !harmful(*c)).collect()
}
