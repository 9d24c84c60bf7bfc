//! Drop-in `std::sync` and `std::thread` that record what a program does.
