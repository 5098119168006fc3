//! Loads a CPU's block: segments, task state, interrupts, the system-call entry.

use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, FS, GS, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::registers::model_specific::{
    Efer, EferFlags, GsBase, KernelGsBase, LStar, SFMask, Star,
};
use x86_64::registers::rflags::RFlags;
use x86_64::structures::gdt::SegmentSelector;

use super::block::Cpu;
use super::segments;
use crate::arch::x86_64::{control, entry, fpu, idt, port_bitmap};
use crate::memory::layout;

/// Loads the block of CPU `index`. On that CPU, interrupts off, once.
///
/// # Panics
/// When the block was not made: a bug of the boot path.
pub(crate) fn install(index: usize) {
    let Some(cpu) = super::get(index) else {
        panic!("CPU {index} has no block")
    };
    load_segments(cpu);
    GsBase::write(VirtAddr::from_ptr(cpu));
    port_bitmap::switch_off();
    let user_gs = layout::USER_GS_BASE + index as u64 * layout::USER_GS_STRIDE;
    cpu.set_user_gs(user_gs);
    KernelGsBase::write(VirtAddr::new(user_gs));
    cpu.set_loaded_root(control::page_table_root());
    idt::load();
    load_system_call();
    fpu::enable();
    entry::patch::adapt(index == 0);
    super::create::note_installed();
}

fn load_segments(cpu: &'static Cpu) {
    cpu.descriptor_table().load();
    // SAFETY: the table just loaded holds kernel code at this selector.
    unsafe { CS::set_reg(SegmentSelector(segments::KERNEL_CODE)) };
    let data = SegmentSelector(segments::KERNEL_DATA);
    // SAFETY: the table holds kernel data at this selector.
    unsafe { SS::set_reg(data) };
    let user = SegmentSelector(segments::USER_DATA);
    // SAFETY: the kernel does not address through ds, and the table holds user data at this selector.
    unsafe { DS::set_reg(user) };
    // SAFETY: as for ds.
    unsafe { ES::set_reg(user) };
    // SAFETY: as for ds.
    unsafe { FS::set_reg(user) };
    // SAFETY: the base that this load clears is written right after, before the kernel uses gs.
    unsafe { GS::set_reg(SegmentSelector(segments::USER_GS)) };
    // SAFETY: the descriptor at this selector describes this block's task state.
    unsafe { load_tss(SegmentSelector(segments::TASK_STATE)) };
}

fn load_system_call() {
    take_way(false);
    SFMask::write(
        RFlags::INTERRUPT_FLAG
            | RFlags::TRAP_FLAG
            | RFlags::DIRECTION_FLAG
            | RFlags::NESTED_TASK
            | RFlags::RESUME_FLAG
            | RFlags::ALIGNMENT_CHECK
            | RFlags::VIRTUAL_8086_MODE,
    );
    // SYSRET: ss = base + 8, cs = base + 16, both with privilege 3. SYSCALL: cs, ss = base + 8.
    // SAFETY: the four selectors are those of `segments`.
    unsafe { Star::write_raw(segments::USER_DATA - 8, segments::KERNEL_CODE) };
    // SAFETY: the entry is in place; all other bits stay.
    unsafe { Efer::update(|flags| *flags |= EferFlags::SYSTEM_CALL_EXTENSIONS) };
}

/// Every message from this CPU takes the general way if `general`, or if the command line says so.
pub(crate) fn take_way(general: bool) {
    let general = general || takes_the_general_way();
    LStar::write(VirtAddr::new(entry::syscall::address(general)));
}

fn takes_the_general_way() -> bool {
    crate::trace::is_on() || crate::boot::facts().is_some_and(|facts| facts.options.general_ipc)
}
