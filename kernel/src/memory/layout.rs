//! Where things are in the kernel's half of every space.
//!
//! ```text
//! slot 256  physmap: RAM and the devices that the kernel uses, at base + physical address
//! slot 480  communication windows, up to 16 slots
//! slot 508  thread control blocks
//! slot 511  the kernel's image, the page of user stubs, the users' gs words
//! ```

use pecan_bootdata::regions::Region;

/// Bytes of a page and of a frame.
pub(crate) const PAGE: u64 = 4096;

/// First address of the physmap.
pub(crate) const PHYSMAP_BASE: u64 = 0xffff_8000_0000_0000;
/// Physical addresses below this have a place in the physmap: 64 TiB.
pub(crate) const PHYSMAP_LIMIT: u64 = 1 << 46;

/// First address of the thread control blocks: one top-level slot, 512 GiB.
pub(crate) const TCB_BASE: u64 = 0xffff_fe00_0000_0000;
/// First address behind them.
pub(crate) const TCB_END: u64 = TCB_BASE + (1 << 39);

/// Whether `address` lies in the TCB array.
pub(crate) const fn is_in_tcb_array(address: u64) -> bool {
    TCB_BASE <= address && address < TCB_END
}

/// First address of the communication windows; each CPU's has its own line of entries.
pub(crate) use pecan_abi::layout::WINDOW_BASE;
/// Bytes from one CPU's window to the next: eight entries of 1 GiB.
pub(crate) const WINDOW_STRIDE: u64 = 8 << 30;

/// The image's virtual addresses minus its physical ones.
pub(crate) const KERNEL_OFFSET: u64 = 0xffff_ffff_8000_0000;
/// The page of system-call stubs that every space can execute.
pub(crate) const USER_STUBS: u64 = 0xffff_ffff_c080_0000;
/// The words that the users' gs points to: one cache line per CPU.
pub(crate) const USER_GS_BASE: u64 = 0xffff_ffff_ffa0_0000;
/// From a word there to the kernel's alias of it, which is writable.
pub(crate) const USER_GS_ALIAS: u64 = 2 << 20;
/// Bytes of one CPU's part of the user gs area.
pub(crate) const USER_GS_STRIDE: u64 = 64;

/// The boot code's first page tables map physical addresses below this: 4 GiB.
pub(crate) const EARLY_LIMIT: u64 = 1 << 32;

unsafe extern "C" {
    static __image_start: u8;
    static __text_start: u8;
    static __data_start: u8;
    static __boot_stack_guard: u8;
    static __boot_stack_top: u8;
    static __data_end: u8;
    static __image_end: u8;
}

/// The parts of the kernel's image, as virtual addresses.
pub(crate) struct Image {
    /// Constants and the boot headers: read.
    pub(crate) rodata: Region,
    /// Code: read and execute.
    pub(crate) text: Region,
    /// Variables below the boot stack: read and write.
    pub(crate) data: Region,
    /// The page below the boot stack: nothing.
    pub(crate) guard: Region,
    /// The boot CPU's first stack: read and write.
    pub(crate) stack: Region,
    /// The user stubs, where the image holds them: mapped at [`USER_STUBS`].
    pub(crate) stubs: Region,
}

impl Image {
    /// The parts, from the linker.
    pub(crate) fn get() -> Self {
        let start = &raw const __image_start as u64;
        let text = &raw const __text_start as u64;
        let data = &raw const __data_start as u64;
        let guard = &raw const __boot_stack_guard as u64;
        let top = &raw const __boot_stack_top as u64;
        let stubs = &raw const __data_end as u64;
        let end = &raw const __image_end as u64;
        Self {
            rodata: Region::new(start, text),
            text: Region::new(text, data),
            data: Region::new(data, guard),
            guard: Region::new(guard, guard + PAGE),
            stack: Region::new(guard + PAGE, top),
            stubs: Region::new(stubs, end),
        }
    }

    /// The physical memory that the image occupies.
    pub(crate) fn physical(&self) -> Region {
        Region::new(
            self.rodata.start - KERNEL_OFFSET,
            self.stubs.end - KERNEL_OFFSET,
        )
    }
}
