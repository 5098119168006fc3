//! What an instruction is, from its bytes.

use iced_x86::{Decoder, DecoderOptions, Mnemonic, OpKind, Register};
use pecan_abi::marker::{CLOSE, OPEN, RDTSC, ROW};
use std::ops::Range;

/// An instruction as the recorder wants to know it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Instruction {
    /// Virtual address, canonical with 48 bits.
    pub address: u64,
    /// Bytes, 1 to 15.
    pub length: u64,
    /// Whether it is the kernel's.
    pub kernel: bool,
    /// What is special about it.
    pub kind: Kind,
}

/// What is counted apart; no instruction is two of these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Nothing.
    Plain,
    /// It is atomic.
    Locked,
    /// It writes CR3.
    Cr3Write,
    /// It drops a translation.
    Invlpg,
    /// It writes a model-specific register by WRMSR.
    MsrWrite,
    /// It calls the kernel.
    SystemCall,
    /// It reads or writes I/O ports.
    PortIo,
    /// A measured stretch begins with it.
    Open,
    /// A measured stretch ends before it.
    Close,
    /// The next row begins.
    Row,
}

impl Kind {
    /// Whether it says something about stretches, and is to be told when none is open, too.
    pub fn is_marker(self) -> bool {
        matches!(self, Self::Open | Self::Close | Self::Row)
    }
}

/// All of them, in the order of their numbers.
pub(crate) const KINDS: [Kind; 10] = [
    Kind::Plain,
    Kind::Locked,
    Kind::Cr3Write,
    Kind::Invlpg,
    Kind::MsrWrite,
    Kind::SystemCall,
    Kind::PortIo,
    Kind::Open,
    Kind::Close,
    Kind::Row,
];

const ADDRESS_BITS: u32 = 48;
const LENGTH_BITS: u32 = 4;
const KERNEL_BIT: u32 = ADDRESS_BITS + LENGTH_BITS;
const KIND_SHIFT: u32 = KERNEL_BIT + 1;

impl Instruction {
    /// Reads the bytes of an instruction of 64-bit mode at `address`. What is in the upper half of the address space is the
    /// kernel's, except `stubs`: code that the kernel supplies and users run.
    pub fn read(address: u64, bytes: &[u8], stubs: &Range<u64>) -> Self {
        Self {
            address,
            length: bytes.len() as u64,
            kernel: (address as i64) < 0 && !stubs.contains(&address),
            kind: marker(bytes).unwrap_or_else(|| decoded(address, bytes)),
        }
    }

    /// All of it in one word, so that QEMU can carry it along and nothing has to be kept alive.
    pub fn pack(self) -> u64 {
        let address = self.address & ((1 << ADDRESS_BITS) - 1);
        let length = (self.length & 0xF) << ADDRESS_BITS;
        address | length | u64::from(self.kernel) << KERNEL_BIT | (self.kind as u64) << KIND_SHIFT
    }

    /// The opposite of [`Self::pack`].
    pub fn unpack(word: u64) -> Self {
        let unused = u64::BITS - ADDRESS_BITS;
        Self {
            address: ((word << unused) as i64 >> unused) as u64,
            length: word >> ADDRESS_BITS & 0xF,
            kernel: word >> KERNEL_BIT & 1 == 1,
            kind: KINDS[(word >> KIND_SHIFT) as usize % KINDS.len()],
        }
    }
}

fn marker(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [prefix, rest @ ..] if *rest == RDTSC => match *prefix {
            OPEN => Some(Kind::Open),
            CLOSE => Some(Kind::Close),
            ROW => Some(Kind::Row),
            _ => None,
        },
        _ => None,
    }
}

fn decoded(address: u64, bytes: &[u8]) -> Kind {
    let instruction = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE).decode();
    let has_memory =
        (0..instruction.op_count()).any(|index| instruction.op_kind(index) == OpKind::Memory);
    match instruction.mnemonic() {
        _ if instruction.has_lock_prefix() => Kind::Locked,
        Mnemonic::Xchg if has_memory => Kind::Locked,
        Mnemonic::Mov if instruction.op0_register() == Register::CR3 => Kind::Cr3Write,
        Mnemonic::Invlpg | Mnemonic::Invpcid => Kind::Invlpg,
        Mnemonic::Wrmsr => Kind::MsrWrite,
        Mnemonic::Syscall | Mnemonic::Sysenter | Mnemonic::Int => Kind::SystemCall,
        Mnemonic::In
        | Mnemonic::Out
        | Mnemonic::Insb
        | Mnemonic::Insw
        | Mnemonic::Insd
        | Mnemonic::Outsb
        | Mnemonic::Outsw
        | Mnemonic::Outsd => Kind::PortIo,
        _ => Kind::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::{Instruction, KINDS, Kind};

    fn kind(bytes: &[u8]) -> Kind {
        Instruction::read(0x1000, bytes, &(0..0)).kind
    }

    #[test]
    fn what_is_counted_is_found() {
        for (bytes, expected) in [
            (&[0x0F, 0x22, 0xD9][..], Kind::Cr3Write), // mov cr3, rcx
            (&[0x0F, 0x20, 0xD9], Kind::Plain),        // mov rcx, cr3
            (&[0x0F, 0x22, 0xE1], Kind::Plain),        // mov cr4, rcx
            (&[0xF0, 0x48, 0x0F, 0xC1, 0x02], Kind::Locked), // lock xadd [rdx], rax
            (&[0x48, 0x87, 0x02], Kind::Locked),       // xchg [rdx], rax
            (&[0x48, 0x87, 0xC2], Kind::Plain),        // xchg rdx, rax
            (&[0x0F, 0x01, 0x38], Kind::Invlpg),       // invlpg [rax]
            (&[0x66, 0x0F, 0x38, 0x82, 0x08], Kind::Invlpg), // invpcid rcx, [rax]
            (&[0x0F, 0x30], Kind::MsrWrite),           // wrmsr
            (&[0x0F, 0x32], Kind::Plain),              // rdmsr
            (&[0xF3, 0x48, 0x0F, 0xAE, 0xDA], Kind::Plain), // wrgsbase rdx
            (&[0x0F, 0x05], Kind::SystemCall),         // syscall
            (&[0xCD, 0x80], Kind::SystemCall),         // int 0x80
            (&[0xEC], Kind::PortIo),                   // in al, dx
            (&[0xE6, 0x80], Kind::PortIo),             // out 0x80, al
            (&[0xF3, 0x6E], Kind::PortIo),             // rep outsb
            (&[0xF3, 0x48, 0xA5], Kind::Plain),        // rep movsq
            (&[0x0F, 0x31], Kind::Plain),              // rdtsc
            (&[0x48, 0x0F, 0x31], Kind::Open),
            (&[0x49, 0x0F, 0x31], Kind::Close),
            (&[0x4A, 0x0F, 0x31], Kind::Row),
            (&[], Kind::Plain),
            (&[0xFF, 0xFF], Kind::Plain),
        ] {
            assert_eq!(kind(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn words_carry_everything() {
        for kind in KINDS {
            for address in [0, 0x7FFF_FFFF_FFFF, 0xFFFF_8000_0000_0000, u64::MAX] {
                for (length, kernel) in [(1, false), (15, true)] {
                    let instruction = Instruction {
                        address,
                        length,
                        kernel,
                        kind,
                    };
                    assert_eq!(Instruction::unpack(instruction.pack()), instruction);
                }
            }
        }
    }

    #[test]
    fn halves_are_sides_except_for_the_stubs() {
        const STUBS: u64 = 0xFFFF_FFFF_C080_0000;
        let stubs = STUBS..STUBS + 0x1000;
        let is_kernel = |address| Instruction::read(address, &[0x90], &stubs).kernel;
        let kernel = [0xFFFF_8000_0000_0000, STUBS - 1, STUBS + 0x1000, u64::MAX];
        assert!(kernel.into_iter().all(is_kernel));
        assert!(
            ![0, 0x7FFF_FFFF_FFFF, STUBS, STUBS + 0xFFF]
                .into_iter()
                .any(is_kernel)
        );
    }
}
