package dev.bellows.engine.metric;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * The sum of doubles without any rounding, so that order and grouping can't change it. R. M. Neal:
 * Fast Exact Summation Using Small and Large Superaccumulators, arXiv 1505.05571 (the small one).
 *
 * <p>The value is the sum of chunk[i] 2^(32 i - 1088). A double's 53 bits fall into at most three
 * chunks of 32 bits; a chunk of 64 bits takes 2^30 of them before carries must be passed on.
 * Infinities and NaN are counted beside it.
 */
public final class ExactSum {
  private static final int CHUNKS = 69;
  private static final int BASE =
      1088; // weight of chunk 0 is 2^-1088, below the smallest double 2^-1074
  private static final int BEFORE_CARRY = 1 << 30;
  private static final long LOW = 0xFFFFFFFFL;

  private final long[] chunks = new long[CHUNKS];
  private int pending;
  private long notANumber;
  private long plusInfinity;
  private long minusInfinity;

  /** Adds a number; infinities and NaN are counted apart. */
  public void add(double x) {
    long bits = Double.doubleToRawLongBits(x);
    int exponent = (int) (bits >>> 52) & 0x7FF;
    long mantissa = bits & 0xFFFFFFFFFFFFFL;
    if (exponent == 0x7FF) {
      special(x);
      return;
    }
    if (exponent == 0) {
      exponent = 1;
    } else {
      mantissa |= 1L << 52;
    }
    int position = exponent - 1075 + BASE;
    int i = position >> 5;
    int shift = position & 31;
    // mantissa << shift has up to 84 bits: bits 0-31, 32-63 and 64-83.
    long shifted = mantissa << shift;
    long low = shifted & LOW;
    long middle = shifted >>> 32;
    long high = shift == 0 ? 0 : mantissa >>> (64 - shift);
    if (bits < 0) {
      chunks[i] -= low;
      chunks[i + 1] -= middle;
      chunks[i + 2] -= high;
    } else {
      chunks[i] += low;
      chunks[i + 1] += middle;
      chunks[i + 2] += high;
    }
    if (++pending == BEFORE_CARRY) {
      carry();
    }
  }

  /** Adds a * b exactly. */
  public void addProduct(double a, double b) {
    double high = a * b;
    add(high);
    if (Double.isFinite(high)) {
      add(Math.fma(a, b, -high));
    }
  }

  /** Adds another sum. */
  public void merge(ExactSum other) {
    carry();
    other.carry();
    for (int i = 0; i < CHUNKS; i++) {
      chunks[i] += other.chunks[i];
    }
    pending = 1;
    carry();
    notANumber += other.notANumber;
    plusInfinity += other.plusInfinity;
    minusInfinity += other.minusInfinity;
  }

  /** The exact sum, rounded once to the nearest double. */
  public double value() {
    if (notANumber > 0 || (plusInfinity > 0 && minusInfinity > 0)) {
      return Double.NaN;
    }
    if (plusInfinity > 0 || minusInfinity > 0) {
      return plusInfinity > 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    }
    BigInteger scaled = scaled();
    int excess = scaled.abs().bitLength() - 128;
    int exponent = -BASE;
    if (excess > 0) {
      // 128 leading bits and one sticky bit round like the whole.
      BigInteger magnitude = scaled.abs();
      boolean sticky = magnitude.getLowestSetBit() < excess;
      magnitude = magnitude.shiftRight(excess);
      magnitude = sticky ? magnitude.setBit(0) : magnitude;
      scaled = scaled.signum() < 0 ? magnitude.negate() : magnitude;
      exponent += excess;
    }
    return Math.scalb(scaled.doubleValue(), exponent);
  }

  /** Whether only finite numbers were added. */
  public boolean finite() {
    return notANumber == 0 && plusInfinity == 0 && minusInfinity == 0;
  }

  /** The exact sum; only of finite values. */
  public BigDecimal exact() {
    BigInteger scaled = scaled();
    int zeros = Math.max(0, scaled.signum() == 0 ? 0 : scaled.getLowestSetBit());
    int exponent = zeros - BASE;
    BigDecimal odd = new BigDecimal(scaled.shiftRight(zeros));
    return exponent >= 0
        ? odd.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(exponent)))
        : odd.divide(new BigDecimal(BigInteger.ONE.shiftLeft(-exponent)));
  }

  private BigInteger scaled() {
    carry();
    BigInteger sum = BigInteger.ZERO;
    for (int i = CHUNKS - 1; i >= 0; i--) {
      sum = sum.shiftLeft(32).add(BigInteger.valueOf(chunks[i]));
    }
    return sum;
  }

  // Canonical form: all but the last chunk in 0..2^32-1.
  private void carry() {
    if (pending == 0) {
      return;
    }
    for (int i = 0; i < CHUNKS - 1; i++) {
      chunks[i + 1] += chunks[i] >> 32;
      chunks[i] &= LOW;
    }
    pending = 0;
  }

  private void special(double x) {
    if (Double.isNaN(x)) {
      notANumber++;
    } else if (x > 0) {
      plusInfinity++;
    } else {
      minusInfinity++;
    }
  }

  /** Writes the sum in its canonical form. */
  public void write(ObjectOutput out) throws IOException {
    carry();
    int from = 0;
    while (from < CHUNKS && chunks[from] == 0) {
      from++;
    }
    int to = CHUNKS;
    while (to > from && chunks[to - 1] == 0) {
      to--;
    }
    out.writeByte(from);
    out.writeByte(to);
    for (int i = from; i < to; i++) {
      out.writeLong(chunks[i]);
    }
    out.writeLong(notANumber);
    out.writeLong(plusInfinity);
    out.writeLong(minusInfinity);
  }

  /** Reads what {@link #write} wrote. */
  public static ExactSum read(ObjectInput in) throws IOException {
    ExactSum sum = new ExactSum();
    int from = in.readUnsignedByte();
    int to = in.readUnsignedByte();
    if (from > CHUNKS || to > CHUNKS) {
      throw new IOException("exact sum: expected at most " + CHUNKS + " chunks, found " + to);
    }
    for (int i = from; i < to; i++) {
      sum.chunks[i] = in.readLong();
    }
    sum.notANumber = in.readLong();
    sum.plusInfinity = in.readLong();
    sum.minusInfinity = in.readLong();
    return sum;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof ExactSum sum)) {
      return false;
    }
    carry();
    sum.carry();
    return Arrays.equals(chunks, sum.chunks)
        && notANumber == sum.notANumber
        && plusInfinity == sum.plusInfinity
        && minusInfinity == sum.minusInfinity;
  }

  @Override
  public int hashCode() {
    carry();
    return Arrays.hashCode(chunks);
  }
}
