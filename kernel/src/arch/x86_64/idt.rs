//! The interrupt table: one for all CPUs, every vector to its stub.

use spin::Once;
use x86_64::VirtAddr;
use x86_64::structures::idt::InterruptDescriptorTable;

use super::entry::vector;

const DEBUG: u8 = 1;
const NON_MASKABLE: u8 = 2;
/// The breakpoint vector: user code may raise it.
const BREAKPOINT: u8 = 3;
const DOUBLE_FAULT: u8 = 8;
const MACHINE_CHECK: u8 = 18;

/// Which of the CPU's stacks a vector gets; 0 is the running thread's. A debug exception is not fatal, so nothing that can
/// come on top of it may take its stack.
const fn stack(vector: u8) -> u8 {
    match vector {
        NON_MASKABLE | DOUBLE_FAULT | MACHINE_CHECK => 1,
        DEBUG => 2,
        _ => 0,
    }
}

/// A gate: 16 bytes, as the manual draws it (Intel SDM 3A, 6.14.1).
#[repr(C, align(16))]
#[derive(Clone, Copy)]
struct Gate([u32; 4]);

impl Gate {
    fn new(address: u64, stack: u8, privilege: u8) -> Self {
        let present_interrupt_gate = 0x8e00u32 | u32::from(privilege) << 13 | u32::from(stack);
        Self([
            u32::from(crate::cpu::segments::KERNEL_CODE) << 16 | (address as u32 & 0xffff),
            (address as u32 & 0xffff_0000) | present_interrupt_gate,
            (address >> 32) as u32,
            0,
        ])
    }
}

static TABLE: Once<[Gate; 256]> = Once::new();

const _: () = assert!(size_of::<[Gate; 256]>() == size_of::<InterruptDescriptorTable>());

/// Loads the table on this CPU, making it at the first call.
pub(crate) fn load() {
    let table = TABLE.call_once(|| {
        core::array::from_fn(|vector| {
            let vector = vector as u8;
            let privilege = if vector == BREAKPOINT { 3 } else { 0 };
            Gate::new(vector::address(vector), stack(vector), privilege)
        })
    });
    let pointer = x86_64::structures::DescriptorTablePointer {
        limit: (size_of::<[Gate; 256]>() - 1) as u16,
        base: VirtAddr::from_ptr(table),
    };
    // SAFETY: the table is static and complete.
    unsafe { x86_64::instructions::tables::lidt(&pointer) };
}
