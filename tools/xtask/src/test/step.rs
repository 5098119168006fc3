//! What a step is made of.

use std::process::Command;

/// A group of commands with a name.
pub(crate) struct Step {
    /// One word.
    pub(crate) name: &'static str,
    /// One line for people.
    pub(crate) about: &'static str,
    /// Whether it runs at the same time as the step before it.
    pub(crate) is_beside: bool,
    /// What there is to do, or the reason why there is nothing.
    pub(crate) lanes: Result<Vec<Lane>, String>,
}

/// Commands that run one after the other, beside those of other lanes. Cargo lets one build at a time into a target folder, so
/// those that build in one folder belong into one lane.
pub(crate) struct Lane {
    /// The log's file, without its ending.
    pub(crate) log: &'static str,
    /// The commands.
    pub(crate) commands: Vec<Command>,
}

impl Step {
    pub(crate) fn new(name: &'static str, about: &'static str, lanes: Vec<Lane>) -> Self {
        Self {
            name,
            about,
            is_beside: false,
            lanes: Ok(lanes),
        }
    }

    /// The same, beside the step before it.
    pub(crate) fn beside(self) -> Self {
        Self {
            is_beside: true,
            ..self
        }
    }

    /// The same with a word in the environment of its commands.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let commands = self.lanes.iter_mut().flatten();
        for command in commands.flat_map(|lane| &mut lane.commands) {
            command.env(name, value);
        }
        self
    }
}

impl Lane {
    /// A lane of these commands.
    pub(crate) fn of<const N: usize>(log: &'static str, commands: [Command; N]) -> Self {
        Self {
            log,
            commands: commands.into(),
        }
    }
}
