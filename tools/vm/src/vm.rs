//! A running machine.

use crate::runs::Running;
use crate::stall::Stalling;
use crate::{Exit, Machine, Payload, Qemu, Timing};
use anyhow::{Context, Result};
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// Who types at the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// This process's own standard input.
    Attached,
    /// [`Vm::enter`].
    Scripted,
    /// Nobody.
    Unattended,
}

/// Something that happened on the serial line.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes in the order in which the machine sent them.
    Bytes(Vec<u8>),
    /// Nothing came for the whole time that the caller was ready to wait.
    Silence,
    /// The machine ended.
    Closed,
}

/// A QEMU process. Dropping it ends it.
#[derive(Debug)]
pub struct Vm {
    child: Child,
    keyboard: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
    errors: Option<JoinHandle<String>>,
    stalling: Option<Stalling>,
    /// Kept for its end.
    _running: Running,
}

impl Vm {
    /// Starts a machine.
    ///
    /// # Errors
    /// When QEMU cannot be started; what QEMU dislikes about its arguments comes as [`Exit::Emulator`].
    pub fn start(
        qemu: &Qemu,
        machine: &Machine,
        payload: &Payload,
        console: Console,
    ) -> Result<Self> {
        let mut child = qemu
            .command()
            .args(machine.arguments(payload.kernel(), payload.image(), payload.command_line()))
            .stdin(match console {
                Console::Attached => Stdio::inherit(),
                Console::Scripted => Stdio::piped(),
                Console::Unattended => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("QEMU cannot be started")?;
        let (sender, output) = sync_channel(64);
        let stdout = child.stdout.take().context("QEMU has no output")?;
        let stderr = child.stderr.take().context("QEMU has no error output")?;
        spawn(move || pump(stdout, &sender));
        let errors = Some(spawn(move || collect(stderr)));
        let keyboard = child.stdin.take();
        // The others have a clock of their own, which stands still with them.
        let stalls = qemu.stalls().filter(|_| machine.timing == Timing::Parallel);
        Ok(Self {
            stalling: stalls.map(|stalls| stalls.begin(child.id())),
            child,
            keyboard,
            output,
            errors,
            _running: qemu.runs().begin(machine, payload),
        })
    }

    /// Waits for the next thing on the serial line, for ever without `patience`.
    pub fn event(&self, patience: Option<Duration>) -> Event {
        let received = match patience {
            Some(patience) => self.output.recv_timeout(patience),
            None => self
                .output
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(bytes) => Event::Bytes(bytes),
            Err(RecvTimeoutError::Timeout) => Event::Silence,
            Err(RecvTimeoutError::Disconnected) => Event::Closed,
        }
    }

    /// Types at a machine with [`Console::Scripted`].
    ///
    /// # Errors
    /// When the machine has another console, or has ended.
    pub fn enter(&mut self, bytes: &[u8]) -> Result<()> {
        let keyboard = self.keyboard.as_mut().context("nobody types here")?;
        keyboard.write_all(bytes).context("QEMU takes no input")?;
        keyboard.flush().context("QEMU takes no input")
    }

    /// Waits for the end, after [`Event::Closed`], and says how it ended.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn finish(mut self) -> Result<Exit> {
        self.stalling = None;
        let status = self.child.wait().context("QEMU cannot be waited for")?;
        let errors = self
            .errors
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        Ok(Exit::of(status, &errors))
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.stalling = None;
        // Both fail only when the process has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pump(mut from: ChildStdout, to: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) if to.send(buffer[..count].to_vec()).is_err() => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
    }
}

fn collect(mut from: ChildStderr) -> String {
    let mut text = Vec::new();
    // What came before a broken pipe is still worth telling.
    let _ = from.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
