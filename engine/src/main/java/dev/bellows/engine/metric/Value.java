package dev.bellows.engine.metric;

/** A metric's value, or NaN and why there is none. */
record Value(double value, String reason) {
  static Value none(String reason) {
    return new Value(Double.NaN, reason);
  }

  static Value of(double value, String reasonIfNaN) {
    return new Value(value, reasonIfNaN);
  }
}
