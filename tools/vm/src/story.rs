//! What a machine said from its start to its end.

use crate::symbols::Explainer;
use crate::{Console, Event, Exit, Lines, Machine, PATIENCE, Payload, Qemu, Vm};
use anyhow::Result;
use std::ops::ControlFlow;

/// How listening to a machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The machine ended by itself.
    Exit(Exit),
    /// The machine said nothing for [`PATIENCE`] and was switched off.
    Silent,
    /// The listener had heard enough and the machine was switched off.
    Enough,
}

impl End {
    /// One sentence for people.
    pub fn words(&self) -> String {
        match self {
            Self::Exit(exit) => exit.words(),
            Self::Silent => format!(
                "the machine said nothing for {} s and was switched off",
                PATIENCE.as_secs()
            ),
            Self::Enough => "everything that was asked for was seen".into(),
        }
    }
}

/// The lines of a machine, and its end.
#[derive(Clone, Debug)]
pub struct Story {
    /// Every line, in order; those with addresses of a panic followed by what the addresses mean.
    pub lines: Vec<String>,
    /// How it ended.
    pub end: End,
}

impl Story {
    /// Boots a machine and listens until it ends, falls silent, or `hear` breaks off.
    ///
    /// # Errors
    /// When QEMU cannot be started.
    pub fn listen(
        qemu: &Qemu,
        machine: &Machine,
        payload: &Payload,
        mut hear: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Self> {
        let vm = Vm::start(qemu, machine, payload, Console::Unattended)?;
        Self::follow(vm, payload, |_, line| Ok(hear(line)))
    }

    /// Boots a machine and listens to its end; after a line, types what `answer` has for it.
    ///
    /// # Errors
    /// When QEMU cannot be started or takes no input.
    pub fn talk(
        qemu: &Qemu,
        machine: &Machine,
        payload: &Payload,
        mut answer: impl FnMut(&str) -> Option<&'static [u8]>,
    ) -> Result<Self> {
        let vm = Vm::start(qemu, machine, payload, Console::Scripted)?;
        Self::follow(vm, payload, |vm, line| {
            answer(line).map_or(Ok(()), |bytes| vm.enter(bytes))?;
            Ok(ControlFlow::Continue(()))
        })
    }

    fn follow(
        mut vm: Vm,
        payload: &Payload,
        mut hear: impl FnMut(&mut Vm, &str) -> Result<ControlFlow<()>>,
    ) -> Result<Self> {
        let mut text = Lines::default();
        let mut lines = Vec::new();
        let mut explainer = Explainer::new(payload.kernel());
        loop {
            let (fresh, over) = match vm.event(Some(PATIENCE)) {
                Event::Bytes(bytes) => (text.take(&bytes), None),
                Event::Silence => (text.flush().into_iter().collect(), Some(End::Silent)),
                Event::Closed => (
                    text.flush().into_iter().collect(),
                    Some(End::Exit(Exit::Stopped)),
                ),
            };
            for line in fresh {
                let flow = hear(&mut vm, &line)?;
                let names = explainer.explain(&line);
                lines.push(line);
                lines.extend(names);
                if flow.is_break() {
                    return Ok(Self {
                        lines,
                        end: End::Enough,
                    });
                }
            }
            match over {
                Some(End::Exit(_)) => {
                    return Ok(Self {
                        lines,
                        end: End::Exit(vm.finish()?),
                    });
                }
                Some(end) => return Ok(Self { lines, end }),
                None => {}
            }
        }
    }

    /// Boots a machine and listens to its end.
    ///
    /// # Errors
    /// When QEMU cannot be started.
    pub fn whole(qemu: &Qemu, machine: &Machine, payload: &Payload) -> Result<Self> {
        Self::listen(qemu, machine, payload, |_| ControlFlow::Continue(()))
    }

    /// The last lines and the end, to show with a failure.
    pub fn tail(&self) -> String {
        const SHOWN: usize = 40;
        let skipped = self.lines.len().saturating_sub(SHOWN);
        let mut text = String::new();
        if skipped > 0 {
            text += &format!("    ({skipped} lines before these)\n");
        }
        for line in &self.lines[skipped..] {
            text += &format!("    {line}\n");
        }
        text + &format!("    end: {}", self.end.words())
    }
}
