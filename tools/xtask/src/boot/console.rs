//! `cargo xtask boot`: the machine's serial line on this terminal.

use anyhow::{Result, bail};
use pecan_vm::symbols::Explainer;
use pecan_vm::{Console, Event, Exit, Lines, Machine, Payload, Qemu, Vm};
use std::io::{Write, stdout};

pub(crate) fn run(qemu: &Qemu, machine: &Machine, payload: &Payload) -> Result<()> {
    let vm = Vm::start(qemu, machine, payload, Console::Attached)?;
    let mut lines = Lines::default();
    let mut explainer = Explainer::new(payload.kernel());
    let mut out = stdout();
    while let Event::Bytes(bytes) = vm.event(None) {
        // Byte by byte as they come: a prompt has no line end. Names follow the line that they explain.
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            out.write_all(piece)?;
            for line in lines.take(piece) {
                for name in explainer.explain(&line) {
                    writeln!(out, "{name}")?;
                }
            }
        }
        out.flush()?;
    }
    match vm.finish()? {
        exit @ Exit::Success => {
            eprintln!("{}", exit.words());
            Ok(())
        }
        exit => bail!("{}", exit.words()),
    }
}
