mod log;
mod must_order;
mod recorded;
