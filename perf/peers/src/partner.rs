//! The partner that answers: a thread of this process, or another process with this program.

use crate::descriptors::{Descriptors, Ends, counters, pipes, sockets};
use crate::link::{LONGEST, Link, calls, check, serve};
use crate::machine;
use crate::plan::Mechanism;
use crate::shared::{self, Shared};
use anyhow::{Context, Result, anyhow, ensure};
use rustix::stdio::{stdin, stdout};
use std::env;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

/// What a partner has to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) mechanism: Mechanism,
    /// Length of each message.
    pub(crate) bytes: usize,
    /// How often it answers before it ends.
    pub(crate) rounds: u64,
    /// The CPU that it stays on.
    pub(crate) cpu: usize,
}

/// This side's end of the connection.
pub(crate) enum Near {
    Descriptors(Descriptors<OwnedFd, OwnedFd>),
    Shared(Shared),
}

/// Somebody who answers.
pub(crate) enum Partner {
    Thread(JoinHandle<Result<()>>),
    Process(Child),
}

/// A connection that nobody uses yet.
enum Fresh {
    Descriptors(Ends),
    Memory(OwnedFd),
}

impl Fresh {
    fn new(mechanism: Mechanism) -> Result<Self> {
        Ok(match mechanism {
            Mechanism::Pipe => Self::Descriptors(pipes()?),
            Mechanism::Seqpacket => Self::Descriptors(sockets()?),
            Mechanism::Eventfd => Self::Descriptors(counters()?),
            Mechanism::Futex => Self::Memory(shared::memory()?),
        })
    }
}

/// Starts a thread of this process.
pub(crate) fn thread(task: Task) -> Result<(Near, Partner)> {
    let (near, thread) = match Fresh::new(task.mechanism)? {
        Fresh::Descriptors((near, mut far)) => {
            let run = move || task.serve(&mut far);
            (Near::Descriptors(near), thread::spawn(run))
        }
        Fresh::Memory(memory) => {
            let (near, mut far) = shared::sides(&memory)?;
            let run = move || task.serve(&mut far);
            (Near::Shared(near), thread::spawn(run))
        }
    };
    Ok((near, Partner::Thread(thread)))
}

/// Starts a process with this program.
pub(crate) fn process(task: Task) -> Result<(Near, Partner)> {
    let program = env::current_exe().context("this program does not find itself")?;
    let mut command = Command::new(program);
    command.arg("serve").arg(task.mechanism.name()).args([
        task.bytes.to_string(),
        task.rounds.to_string(),
        task.cpu.to_string(),
    ]);
    let near = match Fresh::new(task.mechanism)? {
        Fresh::Descriptors((near, far)) => {
            command.stdin(far.from).stdout(far.to);
            Near::Descriptors(near)
        }
        Fresh::Memory(memory) => {
            let near = shared::side(&memory, true)?;
            command.stdin(memory).stdout(Stdio::inherit());
            Near::Shared(near)
        }
    };
    let child = command.spawn().context("a second process cannot be had")?;
    Ok((near, Partner::Process(child)))
}

/// The second process: answers what comes at its standard input.
pub(crate) fn serve_as_process(words: &[String]) -> Result<()> {
    let task = Task::read(words).context("what to serve is not clear")?;
    match task.mechanism {
        Mechanism::Futex => task.serve(&mut shared::side(stdin(), false)?),
        Mechanism::Pipe | Mechanism::Seqpacket | Mechanism::Eventfd => {
            task.serve(&mut Descriptors {
                from: stdin(),
                to: stdout(),
            })
        }
    }
}

impl Task {
    fn serve(self, link: &mut impl Link) -> Result<()> {
        machine::stay_on(self.cpu)?;
        serve(link, self.bytes, self.rounds)
    }

    fn read(words: &[String]) -> Option<Self> {
        let [name, bytes, rounds, cpu] = words else {
            return None;
        };
        let mechanism = Mechanism::ALL
            .into_iter()
            .find(|mechanism| mechanism.name() == name)?;
        Some(Self {
            mechanism,
            bytes: bytes
                .parse()
                .ok()
                .filter(|bytes| (1..=LONGEST).contains(bytes))?,
            rounds: rounds.parse().ok()?,
            cpu: cpu.parse().ok()?,
        })
    }
}

impl Near {
    /// See [`check`].
    pub(crate) fn check(&mut self, bytes: usize) -> Result<()> {
        match self {
            Self::Descriptors(link) => check(link, bytes),
            Self::Shared(link) => check(link, bytes),
        }
    }

    /// See [`calls`].
    pub(crate) fn calls(&mut self, request: &[u8], answer: &mut [u8], rounds: u64) -> Result<u64> {
        match self {
            Self::Descriptors(link) => calls(link, request, answer, rounds),
            Self::Shared(link) => calls(link, request, answer, rounds),
        }
    }
}

impl Partner {
    /// Waits for its end, which comes after its last round.
    ///
    /// # Errors
    /// When it failed.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Thread(handle) => handle
                .join()
                .map_err(|_| anyhow!("the partner panicked"))?
                .context("the partner failed"),
            Self::Process(mut child) => {
                let status = child.wait().context("the partner cannot be waited for")?;
                ensure!(status.success(), "the partner failed: {status}");
                Ok(())
            }
        }
    }
}
