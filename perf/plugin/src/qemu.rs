//! Where QEMU calls: all that is unsafe.
//!
//! What QEMU hands out is valid until its callback returns, and nothing of it is kept: an instruction goes into a word
//! ([`Instruction::pack`]) that QEMU carries to the callbacks that follow.

use crate::arguments::Arguments;
use crate::instruction::Instruction;
use crate::recorder::Recorder;
use crate::tally::Access;
use pecan_perf::accounting::Window;
use qemu_plugin_sys::{
    QEMU_PLUGIN_VERSION, qemu_info_t, qemu_plugin_cb_flags, qemu_plugin_get_hwaddr,
    qemu_plugin_hwaddr_phys_addr, qemu_plugin_id_t, qemu_plugin_insn, qemu_plugin_insn_data,
    qemu_plugin_insn_vaddr, qemu_plugin_mem_is_store, qemu_plugin_mem_rw,
    qemu_plugin_mem_size_shift, qemu_plugin_meminfo_t, qemu_plugin_register_vcpu_insn_exec_cb,
    qemu_plugin_register_vcpu_mem_cb, qemu_plugin_register_vcpu_tb_trans_cb, qemu_plugin_tb,
    qemu_plugin_tb_get_insn, qemu_plugin_tb_n_insns,
};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes of the longest instruction.
const LONGEST: usize = 15;

/// The version of the plugin interface that QEMU must understand.
// SAFETY: QEMU looks for this name and reads an `int`.
#[unsafe(no_mangle)]
pub(crate) static qemu_plugin_version: c_int = QEMU_PLUGIN_VERSION as c_int;

static STATE: OnceLock<Mutex<State>> = OnceLock::new();
/// The kernel's code that users run.
static STUBS: OnceLock<Range<u64>> = OnceLock::new();
/// Whether a stretch is open, for a look without the lock.
static IS_OPEN: AtomicBool = AtomicBool::new(false);

struct State {
    recorder: Recorder,
    out: File,
}

/// QEMU calls it once, before the machine runs. Anything but 0 makes QEMU give up.
///
/// # Safety
/// `argv` has `argc` strings.
// SAFETY: QEMU looks for this name and calls it with these arguments.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn qemu_plugin_install(
    id: qemu_plugin_id_t,
    _: *const qemu_info_t,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    let mut arguments = Vec::new();
    for index in 0..usize::try_from(argc).unwrap_or(0) {
        // SAFETY: the caller promises so many.
        let place = unsafe { argv.add(index) };
        // SAFETY: as above.
        let argument = unsafe { place.read() };
        // SAFETY: each is a string.
        arguments.push(unsafe { CStr::from_ptr(argument) }.to_string_lossy());
    }
    if let Err(why) = set_up(arguments.iter().map(AsRef::as_ref)) {
        eprintln!("pecan-plugin: {why}");
        return 1;
    }
    // SAFETY: the id is this plugin's, and the function has the type.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(id, Some(translated)) };
    0
}

fn set_up<'a>(arguments: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let arguments = Arguments::read(arguments)?;
    let path = arguments.out;
    let state = State {
        out: File::create(&path).map_err(|error| format!("{path}: {error}"))?,
        recorder: Recorder::new(arguments.lines),
    };
    let again = || "it is loaded already".to_owned();
    STUBS.set(arguments.stubs).map_err(|_| again())?;
    STATE.set(Mutex::new(state)).map_err(|_| again())
}

/// Code was translated: each of its instructions is to be told.
unsafe extern "C" fn translated(_: qemu_plugin_id_t, block: *mut qemu_plugin_tb) {
    // SAFETY: the block is valid until this returns.
    let count = unsafe { qemu_plugin_tb_n_insns(block) };
    for index in 0..count {
        // SAFETY: as above, and it has so many.
        let handle = unsafe { qemu_plugin_tb_get_insn(block, index) };
        watch(handle);
    }
}

fn watch(handle: *mut qemu_plugin_insn) {
    let mut bytes = [0; LONGEST];
    // SAFETY: the handle is valid until `translated` returns, and so many bytes are there to be written.
    let length = unsafe { qemu_plugin_insn_data(handle, bytes.as_mut_ptr().cast(), LONGEST) };
    // SAFETY: the handle is valid.
    let address = unsafe { qemu_plugin_insn_vaddr(handle) };
    let instruction = Instruction::read(
        address,
        &bytes[..length.min(LONGEST)],
        STUBS.get().unwrap_or(&(0..0)),
    );
    // Not followed by anyone: a number in the clothes of a pointer.
    let word = instruction.pack() as usize as *mut c_void;
    let no_registers = qemu_plugin_cb_flags::QEMU_PLUGIN_CB_NO_REGS;
    // SAFETY: the handle is valid, the function has the type and takes the word for what it is.
    unsafe {
        qemu_plugin_register_vcpu_insn_exec_cb(handle, Some(executed), no_registers, word);
    }
    let both = qemu_plugin_mem_rw::QEMU_PLUGIN_MEM_RW;
    // SAFETY: as above.
    unsafe {
        qemu_plugin_register_vcpu_mem_cb(handle, Some(accessed), no_registers, both, word);
    }
}

/// A CPU is about to execute an instruction.
unsafe extern "C" fn executed(cpu: c_uint, word: *mut c_void) {
    let instruction = Instruction::unpack(word as usize as u64);
    if !IS_OPEN.load(Ordering::Relaxed) && !instruction.kind.is_marker() {
        return;
    }
    if let Some(mut state) = lock() {
        let window = state.recorder.execute(cpu, instruction);
        IS_OPEN.store(state.recorder.is_open(), Ordering::Relaxed);
        if let Some(window) = window {
            write(&mut state.out, &window);
        }
    }
}

/// A CPU has accessed memory.
unsafe extern "C" fn accessed(
    cpu: c_uint,
    info: qemu_plugin_meminfo_t,
    address: u64,
    word: *mut c_void,
) {
    if !IS_OPEN.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: `info` describes the access until this returns.
    let store = unsafe { qemu_plugin_mem_is_store(info) };
    // SAFETY: as above.
    let shift = unsafe { qemu_plugin_mem_size_shift(info) };
    // SAFETY: as above, and this is the access's address.
    let place = unsafe { qemu_plugin_get_hwaddr(info, address) };
    let physical = if place.is_null() {
        address
    } else {
        // SAFETY: valid until this returns.
        unsafe { qemu_plugin_hwaddr_phys_addr(place) }
    };
    let access = Access {
        address,
        physical,
        bytes: 1 << shift.min(63),
        store,
    };
    if let Some(mut state) = lock() {
        let instruction = Instruction::unpack(word as usize as u64);
        state.recorder.access(cpu, instruction, access);
    }
}

fn lock() -> Option<MutexGuard<'static, State>> {
    let state = STATE.get()?;
    Some(state.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The reader misses what could not be written, and says so.
fn write(out: &mut File, window: &Window) {
    let text = serde_json::to_string(window).unwrap_or_default();
    if let Err(error) = writeln!(out, "{text}") {
        eprintln!("pecan-plugin: {error}");
    }
}
