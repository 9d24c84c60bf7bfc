//! Which values of a variable are recorded, and as what.

use std::any::TypeId;
use std::marker::PhantomData;

use crate::recorder::RawValue;

/// The value of a number, a `bool` or a `char` of up to eight bytes; nothing for any other type.
///
/// Other small types are left out on purpose: their bytes may contain padding, which may not be read, and which would
/// make equal values look different to an analysis.
pub(crate) fn raw_value<T: Copy>(value: &T) -> Option<RawValue> {
    fn to<T: Copy, P: Copy + 'static>(value: &T) -> Option<P> {
        // SAFETY: the types are the same one: `P` is `'static` and free of lifetimes, so that equal ids mean equality.
        (id_of::<T>() == TypeId::of::<P>()).then(|| unsafe { std::mem::transmute_copy::<T, P>(value) })
    }
    macro_rules! first_of {
        ($($primitive:ty => $raw:expr),+ $(,)?) => {
            $(if let Some(value) = to::<T, $primitive>(value) {
                return Some($raw(value.into()));
            })+
        };
    }
    first_of! {
        i32 => RawValue::Signed, u32 => RawValue::Unsigned, i64 => RawValue::Signed, u64 => RawValue::Unsigned,
        bool => RawValue::Bool, f64 => RawValue::Float, f32 => RawValue::Float, u8 => RawValue::Unsigned,
        i8 => RawValue::Signed, u16 => RawValue::Unsigned, i16 => RawValue::Signed, char => RawValue::Unsigned,
    }
    let unsigned = || to::<T, usize>(value).and_then(|value| u64::try_from(value).ok()).map(RawValue::Unsigned);
    let signed = || to::<T, isize>(value).and_then(|value| i64::try_from(value).ok()).map(RawValue::Signed);
    unsigned().or_else(signed)
}

/// The id of any type, its lifetimes taken as `'static`.
fn id_of<T>() -> TypeId {
    trait Identify {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T> Identify for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let phantom = PhantomData::<T>;
    let anyone: &dyn Identify = &phantom;
    // SAFETY: only the bound of the trait object changes; the one method called looks at no data, and lifetimes are
    // gone from the code that it runs.
    unsafe { std::mem::transmute::<&dyn Identify, &(dyn Identify + 'static)>(anyone) }.id()
}

#[cfg(test)]
mod tests {
    use super::raw_value;
    use crate::recorder::RawValue;

    #[test]
    fn primitives_keep_their_kind_of_value() {
        assert_eq!(raw_value(&-7_i8), Some(RawValue::Signed(-7)));
        assert_eq!(raw_value(&-7_i32), Some(RawValue::Signed(-7)));
        assert_eq!(raw_value(&isize::MIN), Some(RawValue::Signed(isize::MIN as i64)));
        assert_eq!(raw_value(&u64::MAX), Some(RawValue::Unsigned(u64::MAX)));
        assert_eq!(raw_value(&9_usize), Some(RawValue::Unsigned(9)));
        assert_eq!(raw_value(&true), Some(RawValue::Bool(true)));
        assert_eq!(raw_value(&0.5_f32), Some(RawValue::Float(0.5)));
        assert_eq!(raw_value(&'a'), Some(RawValue::Unsigned(97)));
    }

    #[test]
    fn what_may_have_padding_has_no_value() {
        assert_eq!(raw_value(&Some(3_u8)), None);
        assert_eq!(raw_value(&(1_u8, 2_u32)), None);
        assert_eq!(raw_value(&7_u128), None);
    }

    #[test]
    fn borrowed_types_are_no_primitives() {
        let number = 7_u64;
        assert_eq!(raw_value(&&number), None);
    }
}
