package dev.bellows.engine.optim;

/** Range checks of the specs; the message gives name, expectation and what was found. */
final class Checks {
  private Checks() {}

  static void positive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + ": expected a finite number above 0, found " + value);
    }
  }

  static void nonNegative(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + ": expected a finite number of 0 or more, found " + value);
    }
  }

  static void fraction(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + ": expected a number in [0, 1), found " + value);
    }
  }

  static void atLeast(String name, long least, long value) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": expected " + least + " or more, found " + value);
    }
  }
}
