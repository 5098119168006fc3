//! The kernel interface page (L4 X.2, KIP): its fixed part and what that points to.

use core::mem::offset_of;

mod descriptor;
mod info;

pub use descriptor::{
    BOOT_INFO, BOOT_MODULE, BOOT_SERVER, KernelDescriptor, MemoryDescriptor, MemoryType,
    ProcessorDescriptor, kernel_date, kernel_id, kernel_version,
};
pub use info::{KipAreaInfo, MemoryInfo, PageInfo, ProcessorInfo, ThreadInfo, UtcbInfo};

/// First word of the page: "L4", a micro sign and "K", upper half 0.
pub const MAGIC: u64 = 0x4BE6_344C;
/// API version word: X.2 (0x84) in bits 24-31, subversion 5 in bits 16-23.
pub const API_VERSION: u64 = 0x8405_0000;
/// API flags: little-endian (bits 0-1 = 0), 64-bit words (bits 2-3 = 1).
pub const API_FLAGS: u64 = 0x4;
/// Size of the page in bytes.
pub const KIP_SIZE: usize = 4096;
/// Size of the fixed part in bytes.
pub const FIXED_SIZE: usize = 0x240;

/// How an initial server is loaded: start values and region in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct ServerInfo {
    /// Stack pointer at the start.
    pub sp: u64,
    /// Instruction pointer at the start.
    pub ip: u64,
    /// First byte of the image.
    pub low: u64,
    /// First byte behind the image; 0 if there is no such server.
    pub high: u64,
}

/// The fixed part of the kernel interface page. Offsets are in bytes; system-call words are absolute addresses.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Kip {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`API_VERSION`].
    pub api_version: u64,
    /// [`API_FLAGS`].
    pub api_flags: u64,
    /// Offset of the [`KernelDescriptor`] from the start of the page.
    pub kernel_descriptor: u64,
    /// Start function of a kernel debugger; 0.
    pub kdebug_init: u64,
    /// Entry of a kernel debugger; 0.
    pub kdebug_entry: u64,
    /// First byte of a kernel debugger; 0.
    pub kdebug_low: u64,
    /// First byte behind a kernel debugger; 0 if there is none.
    pub kdebug_high: u64,
    /// The root of the memory hierarchy.
    pub sigma0: ServerInfo,
    /// A second one; not used.
    pub sigma1: ServerInfo,
    /// The root task.
    pub root: ServerInfo,
    /// Reserved.
    pub reserved_a0: u64,
    /// Number and place of memory descriptors: [`MemoryInfo`].
    pub memory_info: u64,
    /// Configuration of a kernel debugger.
    pub kdebug_config: [u64; 2],
    /// Main memory, old style: low, high.
    pub main_memory: [u64; 2],
    /// Reserved memory, old style: low, high.
    pub reserved_memory: [[u64; 2]; 2],
    /// Dedicated memory, old style: low, high.
    pub dedicated_memory: [[u64; 2]; 5],
    /// Reserved.
    pub reserved_140: [u64; 2],
    /// Sizes of UTCBs: [`UtcbInfo`].
    pub utcb_info: u64,
    /// Size of the page's area: [`KipAreaInfo`].
    pub kip_area_info: u64,
    /// Reserved.
    pub reserved_160: [u64; 2],
    /// Physical address of the boot records ([`crate::bootinfo`]), or 0.
    pub boot_info: u64,
    /// Offset of the array of [`ProcessorDescriptor`].
    pub processor_descriptors: u64,
    /// Bits 0-15 read precision, 16-31 schedule precision.
    pub clock_info: u64,
    /// Thread numbers: [`ThreadInfo`].
    pub thread_info: u64,
    /// Page sizes and rights: [`PageInfo`].
    pub page_info: u64,
    /// Number of processors: [`ProcessorInfo`].
    pub processor_info: u64,
    /// Address of the SpaceControl stub.
    pub space_control: u64,
    /// Address of the ThreadControl stub.
    pub thread_control: u64,
    /// Address of the ProcessorControl stub.
    pub processor_control: u64,
    /// Address of the MemoryControl stub.
    pub memory_control: u64,
    /// Address of the Ipc stub.
    pub ipc: u64,
    /// Address of the Lipc stub.
    pub lipc: u64,
    /// Address of the Unmap stub.
    pub unmap: u64,
    /// Address of the ExchangeRegisters stub.
    pub exchange_registers: u64,
    /// Address of the SystemClock stub.
    pub system_clock: u64,
    /// Address of the ThreadSwitch stub.
    pub thread_switch: u64,
    /// Address of the Schedule stub.
    pub schedule: u64,
    /// Reserved.
    pub reserved_1f8: [u64; 5],
    /// Addresses of stubs of this architecture; word 0 is Pecan's control call ([`crate::control`]).
    pub arch_syscall: [u64; 4],
}

const NO_SERVER: ServerInfo = ServerInfo {
    sp: 0,
    ip: 0,
    low: 0,
    high: 0,
};

impl Kip {
    /// A page of zeros.
    pub const ZERO: Self = Self {
        magic: 0,
        api_version: 0,
        api_flags: 0,
        kernel_descriptor: 0,
        kdebug_init: 0,
        kdebug_entry: 0,
        kdebug_low: 0,
        kdebug_high: 0,
        sigma0: NO_SERVER,
        sigma1: NO_SERVER,
        root: NO_SERVER,
        reserved_a0: 0,
        memory_info: 0,
        kdebug_config: [0; 2],
        main_memory: [0; 2],
        reserved_memory: [[0; 2]; 2],
        dedicated_memory: [[0; 2]; 5],
        reserved_140: [0; 2],
        utcb_info: 0,
        kip_area_info: 0,
        reserved_160: [0; 2],
        boot_info: 0,
        processor_descriptors: 0,
        clock_info: 0,
        thread_info: 0,
        page_info: 0,
        processor_info: 0,
        space_control: 0,
        thread_control: 0,
        processor_control: 0,
        memory_control: 0,
        ipc: 0,
        lipc: 0,
        unmap: 0,
        exchange_registers: 0,
        system_clock: 0,
        thread_switch: 0,
        schedule: 0,
        reserved_1f8: [0; 5],
        arch_syscall: [0; 4],
    };
}

const _: () = {
    assert!(size_of::<Kip>() == FIXED_SIZE && size_of::<ServerInfo>() == 32);
    assert!(offset_of!(Kip, api_version) == 0x8 && offset_of!(Kip, api_flags) == 0x10);
    assert!(offset_of!(Kip, kernel_descriptor) == 0x18 && offset_of!(Kip, kdebug_init) == 0x20);
    assert!(offset_of!(Kip, kdebug_low) == 0x30 && offset_of!(Kip, kdebug_high) == 0x38);
    assert!(
        offset_of!(Kip, sigma0) == 0x40
            && offset_of!(Kip, sigma1) == 0x60
            && offset_of!(Kip, root) == 0x80
    );
    assert!(offset_of!(Kip, memory_info) == 0xA8 && offset_of!(Kip, kdebug_config) == 0xB0);
    assert!(offset_of!(Kip, main_memory) == 0xC0 && offset_of!(Kip, reserved_memory) == 0xD0);
    assert!(offset_of!(Kip, dedicated_memory) == 0xF0 && offset_of!(Kip, reserved_140) == 0x140);
    assert!(offset_of!(Kip, utcb_info) == 0x150 && offset_of!(Kip, kip_area_info) == 0x158);
    assert!(offset_of!(Kip, boot_info) == 0x170 && offset_of!(Kip, processor_descriptors) == 0x178);
    assert!(offset_of!(Kip, clock_info) == 0x180 && offset_of!(Kip, thread_info) == 0x188);
    assert!(offset_of!(Kip, page_info) == 0x190 && offset_of!(Kip, processor_info) == 0x198);
    assert!(offset_of!(Kip, space_control) == 0x1A0 && offset_of!(Kip, thread_control) == 0x1A8);
    assert!(
        offset_of!(Kip, processor_control) == 0x1B0 && offset_of!(Kip, memory_control) == 0x1B8
    );
    assert!(
        offset_of!(Kip, ipc) == 0x1C0
            && offset_of!(Kip, lipc) == 0x1C8
            && offset_of!(Kip, unmap) == 0x1D0
    );
    assert!(offset_of!(Kip, exchange_registers) == 0x1D8 && offset_of!(Kip, system_clock) == 0x1E0);
    assert!(offset_of!(Kip, thread_switch) == 0x1E8 && offset_of!(Kip, schedule) == 0x1F0);
    assert!(offset_of!(Kip, arch_syscall) == 0x220);
};
