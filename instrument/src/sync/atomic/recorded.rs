//! What the recorded atomics have in common.

use std::sync::atomic::Ordering;

/// Defines a recorded atomic around std's of the same name, with the methods and traits that all of them have.
macro_rules! recorded {
    ($(#[$doc:meta])* $name:ident $(<$content:ident>)?, $value:ty, $std:literal) => {
        $(#[$doc])*
        pub struct $name $(<$content>)? {
            object: $crate::engine::Object,
            inner: std::sync::atomic::$name $(<$content>)?,
        }

        impl $(<$content>)? $name $(<$content>)? {
            #[doc = concat!("A variable that holds `value`. See [`", $std, "::new`].")]
            #[inline]
            #[must_use]
            #[track_caller]
            pub const fn new(value: $value) -> Self {
                Self {
                    object: $crate::engine::Object::new($crate::engine::Kind::Atomic, std::any::type_name::<$value>),
                    inner: std::sync::atomic::$name::new(value),
                }
            }

            #[doc = concat!("The value; not recorded, as nobody else can have it. See [`", $std, "::get_mut`].")]
            #[inline]
            pub fn get_mut(&mut self) -> &mut $value {
                self.object.lent();
                self.inner.get_mut()
            }

            #[doc = concat!("Gives the value back; not recorded. See [`", $std, "::into_inner`].")]
            #[inline]
            #[must_use]
            pub const fn into_inner(self) -> $value {
                self.inner.into_inner()
            }

            #[doc = concat!("Where the value is. What is done to it there is not recorded. See [`", $std, "::as_ptr`].")]
            #[inline]
            #[must_use]
            pub const fn as_ptr(&self) -> *mut $value {
                self.inner.as_ptr()
            }

            #[doc = concat!("Loads the value. See [`", $std, "::load`].")]
            ///
            /// # Panics
            /// If `order` is `Release` or `AcqRel`.
            #[inline]
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.object.load(&self.inner, order, Location::caller())
            }

            #[doc = concat!("Stores a value. See [`", $std, "::store`].")]
            ///
            /// # Panics
            /// If `order` is `Acquire` or `AcqRel`.
            #[inline]
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.object.store(&self.inner, value, order, Location::caller());
            }

            #[doc = concat!("Stores a value; the one before. See [`", $std, "::swap`].")]
            #[inline]
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.modify(order, Location::caller(), |inner| inner.swap(value, order))
            }

            #[doc = concat!("Stores `new` if the value is `current`; the one before. See [`", $std, "::compare_and_swap`].")]
            #[inline]
            #[track_caller]
            #[deprecated(since = "0.1.0", note = "use `compare_exchange` or `compare_exchange_weak` instead, as in std")]
            pub fn compare_and_swap(&self, current: $value, new: $value, order: Ordering) -> $value {
                let failure = super::recorded::strongest_failure(order);
                let (Ok(before) | Err(before)) = self.compare_exchange(current, new, order, failure);
                before
            }

            #[doc = concat!("Stores `new` if the value is `current`. See [`", $std, "::compare_exchange`].")]
            ///
            /// # Errors
            /// If the value is another one; the error is that one.
            ///
            /// # Panics
            /// If `failure` is `Release` or `AcqRel`.
            #[inline]
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let asked = $crate::engine::Exchange { current, new, success, failure };
                let real = std::sync::atomic::$name::compare_exchange;
                self.object.exchange(&self.inner, asked, Location::caller(), real)
            }

            #[doc = concat!("The same, but may fail for no reason. See [`", $std, "::compare_exchange_weak`].")]
            ///
            /// # Errors
            /// If it failed; the error is the value.
            ///
            /// # Panics
            /// If `failure` is `Release` or `AcqRel`.
            #[inline]
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let asked = $crate::engine::Exchange { current, new, success, failure };
                let real = std::sync::atomic::$name::compare_exchange_weak;
                self.object.exchange(&self.inner, asked, Location::caller(), real)
            }

            #[doc = concat!("Stores what `f` makes of the value, if anything. See [`", $std, "::fetch_update`].")]
            ///
            /// # Errors
            /// If `f` makes nothing of the value; the error is the value.
            #[inline]
            #[track_caller]
            pub fn fetch_update<F>(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                f: F,
            ) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                self.try_update(set_order, fetch_order, f)
            }

            #[doc = concat!("Stores what `f` makes of the value, if anything. See [`", $std, "::try_update`].")]
            ///
            /// # Errors
            /// If `f` makes nothing of the value; the error is the value.
            #[inline]
            #[track_caller]
            pub fn try_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut before = self.load(fetch_order);
                while let Some(next) = f(before) {
                    match self.compare_exchange_weak(before, next, set_order, fetch_order) {
                        Ok(before) => return Ok(before),
                        Err(found) => before = found,
                    }
                }
                Err(before)
            }

            #[doc = concat!("Stores what `f` makes of the value; the one before. See [`", $std, "::update`].")]
            #[inline]
            #[track_caller]
            pub fn update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($value) -> $value,
            ) -> $value {
                let mut before = self.load(fetch_order);
                loop {
                    match self.compare_exchange_weak(before, f(before), set_order, fetch_order) {
                        Ok(before) => return before,
                        Err(found) => before = found,
                    }
                }
            }

            #[inline]
            fn modify(
                &self,
                order: Ordering,
                site: $crate::engine::Site,
                access: impl FnOnce(&std::sync::atomic::$name $(<$content>)?) -> $value,
            ) -> $value {
                self.object.modify(&self.inner, order, site, access)
            }
        }

        impl $(<$content>)? From<$value> for $name $(<$content>)? {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        /// As std prints it; not recorded.
        impl $(<$content>)? std::fmt::Debug for $name $(<$content>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.inner, f)
            }
        }
    };
}

/// Defines read-modify-writes that have nothing but a value and an order.
macro_rules! updates {
    ($std:literal, $operand:ty, $value:ty: $($(#[$doc:meta])* $name:ident)+) => {
        $(
            $(#[$doc])*
            #[doc = concat!("The value before is returned. See [`", $std, "::", stringify!($name), "`].")]
            #[inline]
            #[track_caller]
            pub fn $name(&self, operand: $operand, order: Ordering) -> $value {
                self.modify(order, Location::caller(), |inner| inner.$name(operand, order))
            }
        )+
    };
}

pub(super) use {recorded, updates};

/// The order with which std lets a `compare_and_swap` of this order fail.
pub(super) const fn strongest_failure(order: Ordering) -> Ordering {
    match order {
        Ordering::Release => Ordering::Relaxed,
        Ordering::AcqRel => Ordering::Acquire,
        order => order,
    }
}
