//! The segments: selectors that the interface fixes, and a descriptor table per CPU.
//!
//! ```text
//! 0x08 kernel code   0x10 kernel data          (SYSCALL loads 0x08, 0x10)
//! 0x18 reserved      0x20 user data  0x28 user code   (SYSRET loads 0x23, 0x2b)
//! 0x30 user gs       0x38 task state (two entries)
//! ```

use x86_64::structures::gdt::{Descriptor, DescriptorFlags, GlobalDescriptorTable};
use x86_64::structures::tss::TaskStateSegment;

/// Kernel code selector.
pub(crate) const KERNEL_CODE: u16 = 0x08;
/// Kernel data selector.
pub(crate) const KERNEL_DATA: u16 = 0x10;
/// User data selector (L4 X.2 on amd64, segment state).
pub(crate) const USER_DATA: u16 = 0x23;
/// User code selector.
pub(crate) const USER_CODE: u16 = 0x2b;
/// The user's gs selector.
pub(crate) const USER_GS: u16 = 0x33;
/// Task-state selector.
pub(crate) const TASK_STATE: u16 = 0x38;

/// The table of one CPU: seven entries, then the two of its task state.
pub(crate) type Gdt = GlobalDescriptorTable<9>;

/// A table whose last entry describes `task_state` and the I/O permission bitmap behind it.
///
/// # Panics
/// When the task state does not say where the bitmap is.
pub(crate) fn table(task_state: &'static TaskStateSegment, bitmap: &'static [u8]) -> Gdt {
    let Ok(task_state) = Descriptor::tss_segment_with_iomap(task_state, bitmap) else {
        panic!("the task state does not fit the I/O permission bitmap")
    };
    let mut gdt = Gdt::empty();
    gdt.append(Descriptor::kernel_code_segment());
    gdt.append(Descriptor::kernel_data_segment());
    gdt.append(Descriptor::UserSegment(DescriptorFlags::USER_DATA.bits()));
    gdt.append(Descriptor::user_data_segment());
    gdt.append(Descriptor::user_code_segment());
    gdt.append(Descriptor::user_data_segment());
    gdt.append(task_state);
    gdt
}
