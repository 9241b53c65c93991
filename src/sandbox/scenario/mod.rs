//! Scenarios: a world described by a TOML file or by a few parameters.

mod build;
mod endpoint;
mod file;
mod generate;
mod network;

use std::fmt;

use super::world::World;

pub use self::generate::Generated;

/// The scenario of the built-in demo organization.
pub const DEMO: &str = include_str!("demo.toml");

/// The JSON schema of scenario files, for editors.
pub const SCENARIO_SCHEMA: &str = include_str!("scenario.schema.json");

/// Why a scenario is not a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError(String);

impl ScenarioError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ScenarioError {}

impl World {
    /// The world a scenario describes. An unknown key is an error that names its line.
    pub fn from_scenario(text: &str) -> Result<Self, ScenarioError> {
        let file: file::File =
            toml::from_str(text).map_err(|error| ScenarioError::new(error.to_string()))?;
        build::world(&file)
    }
}
