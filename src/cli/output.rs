//! What is written to stdout, and when it is coloured.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::report::audit::Format;

/// Formats of stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One JSON event per line, as it happens
    Jsonl,
}

/// What is written to stdout: a format of every command, or a report of the audit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Of every command.
    Plain(Output),
    /// Of `audit` alone.
    Report(Format),
}

impl Written {
    const ALL: [Self; 10] = [
        Self::Plain(Output::Text),
        Self::Plain(Output::Json),
        Self::Plain(Output::Jsonl),
        Self::Report(Format::Markdown),
        Self::Report(Format::Junit),
        Self::Report(Format::Sarif),
        Self::Report(Format::Ocsf),
        Self::Report(Format::Asff),
        Self::Report(Format::Csv),
        Self::Report(Format::Html),
    ];

    /// What the rest of the program writes meanwhile: nothing that would come between a report's lines.
    pub fn output(self) -> Output {
        match self {
            Self::Plain(output) => output,
            Self::Report(_) => Output::Json,
        }
    }
}

impl ValueEnum for Written {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Plain(output) => output.to_possible_value(),
            Self::Report(format) => {
                Some(PossibleValue::new(format.as_str()).help("A report of audit, and of no other"))
            }
        }
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that takes it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
