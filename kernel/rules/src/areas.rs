//! May UTCB and kernel-interface areas lie where a program wants them? (L4 X.2, SpaceControl and ThreadControl.)

use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;
use pecan_abi::layout::{KIP_LOG2, USER_LAST, UTCB_AREA_MIN_LOG2};
use pecan_abi::utcb::UTCB_SIZE;

/// Checks the two areas of a new address space, the UTCB area first: big enough, in the user range, apart from each other.
///
/// Errors: [`SysError::UtcbArea`], [`SysError::KipArea`].
pub const fn check_areas(kip: Fpage, utcb: Fpage) -> Result<(), SysError> {
    if !fits(utcb, UTCB_AREA_MIN_LOG2) {
        return Err(SysError::UtcbArea);
    }
    if !fits(kip, KIP_LOG2) || kip.overlaps(utcb) {
        return Err(SysError::KipArea);
    }
    Ok(())
}

/// Checks the address of a UTCB: a multiple of its size, and all of it inside the UTCB area of the space.
///
/// Errors: [`SysError::UtcbArea`].
#[inline]
pub const fn check_utcb_location(location: u64, area: Fpage) -> Result<(), SysError> {
    let size = UTCB_SIZE as u64;
    // The area is a multiple of the size and so aligned, so a UTCB that starts in it ends in it.
    if location & (size - 1) == 0 && area.log2() >= UTCB_AREA_MIN_LOG2 && area.contains(location) {
        Ok(())
    } else {
        Err(SysError::UtcbArea)
    }
}

const fn fits(area: Fpage, min_log2: u32) -> bool {
    area.log2() >= min_log2 && area.last() <= USER_LAST
}

#[cfg(test)]
mod tests {
    use super::*;
    use pecan_abi::fpage::Rights;

    const KIP: Fpage = Fpage::new(0xBFF0_0000, 12, Rights::NONE);
    const UTCB: Fpage = Fpage::new(0xBF00_0000, 18, Rights::NONE);

    const fn page(base: u64, log2: u32) -> Fpage {
        Fpage::new(base, log2, Rights::NONE)
    }

    #[test]
    fn good_areas() {
        assert_eq!(check_areas(KIP, UTCB), Ok(()));
        assert_eq!(check_areas(page(0, 12), page(0x1000, 12)), Ok(()));
        assert_eq!(check_areas(page(USER_LAST, 12), UTCB), Ok(()));
        assert_eq!(check_areas(KIP, page(1 << 46, 46)), Ok(()));
    }

    #[test]
    fn bad_areas() {
        let top = USER_LAST + 1;
        for utcb in [
            page(0xBF00_0000, 11),
            Fpage::NIL,
            Fpage::COMPLETE,
            page(top, 18),
            page(0, 48),
            page(0, 63),
            page(u64::MAX, 12),
        ] {
            assert_eq!(check_areas(KIP, utcb), Err(SysError::UtcbArea), "{utcb:?}");
            assert_eq!(
                check_areas(Fpage::NIL, utcb),
                Err(SysError::UtcbArea),
                "the UTCB area is checked first"
            );
        }
        for kip in [
            page(0xBFF0_0000, 10),
            Fpage::NIL,
            Fpage::COMPLETE,
            page(top, 12),
            page(0, 48),
            page(u64::MAX, 12),
        ] {
            assert_eq!(check_areas(kip, UTCB), Err(SysError::KipArea), "{kip:?}");
        }
        for kip in [UTCB, page(0xBF03_F000, 12), page(0xBF00_0000, 24)] {
            assert_eq!(check_areas(kip, UTCB), Err(SysError::KipArea), "{kip:?}");
        }
    }

    #[test]
    fn utcb_locations() {
        for good in [0xBF00_0000, 0xBF00_0400, 0xBF03_FC00] {
            assert_eq!(check_utcb_location(good, UTCB), Ok(()), "{good:#x}");
        }
        for bad in [
            0xBEFF_FC00,
            0xBF00_0200,
            0xBF00_0001,
            0xBF04_0000,
            0,
            u64::MAX,
            0xBF00_0000 | 1 << 63,
        ] {
            assert_eq!(
                check_utcb_location(bad, UTCB),
                Err(SysError::UtcbArea),
                "{bad:#x}"
            );
        }
        for none in [Fpage::NIL, Fpage::COMPLETE, page(0xBF00_0000, 11)] {
            assert_eq!(
                check_utcb_location(0xBF00_0000, none),
                Err(SysError::UtcbArea),
                "{none:?}"
            );
        }
    }
}
