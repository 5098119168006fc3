//! Registers as a panic reports them.

use core::arch::asm;
use core::fmt::{Result, Write};
use x86_64::registers::control::{Cr2, Cr3};
use x86_64::registers::model_specific::Msr;

const GS_BASE: u32 = 0xc000_0101;

/// Registers at one point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Snapshot {
    /// Instruction pointer.
    pub(crate) rip: u64,
    /// Stack pointer.
    pub(crate) rsp: u64,
    /// Frame pointer: where a backtrace starts.
    pub(crate) rbp: u64,
    /// Flags.
    pub(crate) rflags: u64,
    /// Others, with their names, as far as the reporter has them.
    pub(crate) general: [(&'static str, u64); 14],
}

impl Snapshot {
    /// The registers of whoever calls this; it does not say anything about the general ones.
    #[inline(always)]
    pub(crate) fn here() -> Self {
        let (rip, rsp, rbp): (u64, u64, u64);
        // SAFETY: only reads registers.
        unsafe {
            asm!("lea {}, [rip]", "mov {}, rsp", "mov {}, rbp", out(reg) rip, out(reg) rsp, out(reg) rbp, options(nomem, nostack, preserves_flags));
        }
        Self {
            rip,
            rsp,
            rbp,
            rflags: x86_64::registers::rflags::read_raw(),
            general: Default::default(),
        }
    }

    /// Writes the report's register lines.
    pub(crate) fn write(&self, to: &mut impl Write) -> Result {
        let (root, _) = Cr3::read();
        writeln!(
            to,
            "[panic] rip={:#x} rsp={:#x} rbp={:#x} rflags={:#x} cr2={:#x} cr3={:#x}",
            self.rip,
            self.rsp,
            self.rbp,
            self.rflags,
            Cr2::read_raw(),
            root.start_address().as_u64()
        )?;
        for line in self.general.chunks(5) {
            if line.iter().all(|(name, _)| name.is_empty()) {
                continue;
            }
            write!(to, "[panic]")?;
            for (name, value) in line.iter().filter(|(name, _)| !name.is_empty()) {
                write!(to, " {name}={value:#x}")?;
            }
            writeln!(to)?;
        }
        Ok(())
    }
}

/// Does this CPU's gs base point into the kernel's half, as it does once its block is loaded?
pub(crate) fn gs_is_kernel() -> bool {
    // SAFETY: the register exists in long mode.
    let base = unsafe { Msr::new(GS_BASE).read() };
    base >= 0xffff_8000_0000_0000
}
