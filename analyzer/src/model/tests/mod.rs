mod log;
mod must_order;
mod random;
mod recorded;
mod tokens;
mod twin;
