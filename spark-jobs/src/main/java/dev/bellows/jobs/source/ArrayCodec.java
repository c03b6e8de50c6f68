package dev.bellows.jobs.source;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Primitive arrays on an object stream as length (int32) and little-endian elements, moved in
 * pieces of 64 KiB: the per-element methods of the stream are an order of magnitude slower.
 */
public final class ArrayCodec {
  private static final int PIECE_BYTES = 1 << 16;

  private final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  public void write(ObjectOutput out, float[] a) throws IOException {
    out.writeInt(a.length);
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 4);
      piece.asFloatBuffer().put(a, i, n);
      out.write(piece.array(), 0, n * 4);
    }
  }

  public void write(ObjectOutput out, int[] a) throws IOException {
    out.writeInt(a.length);
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 4);
      piece.asIntBuffer().put(a, i, n);
      out.write(piece.array(), 0, n * 4);
    }
  }

  public void write(ObjectOutput out, long[] a) throws IOException {
    out.writeInt(a.length);
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 8);
      piece.asLongBuffer().put(a, i, n);
      out.write(piece.array(), 0, n * 8);
    }
  }

  public void write(ObjectOutput out, double[] a) throws IOException {
    out.writeInt(a.length);
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 8);
      piece.asDoubleBuffer().put(a, i, n);
      out.write(piece.array(), 0, n * 8);
    }
  }

  public void write(ObjectOutput out, byte[] a) throws IOException {
    out.writeInt(a.length);
    out.write(a);
  }

  public float[] readFloats(ObjectInput in) throws IOException {
    float[] a = new float[length(in)];
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 4);
      in.readFully(piece.array(), 0, n * 4);
      piece.asFloatBuffer().get(a, i, n);
    }
    return a;
  }

  public int[] readInts(ObjectInput in) throws IOException {
    int[] a = new int[length(in)];
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 4);
      in.readFully(piece.array(), 0, n * 4);
      piece.asIntBuffer().get(a, i, n);
    }
    return a;
  }

  public long[] readLongs(ObjectInput in) throws IOException {
    long[] a = new long[length(in)];
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 8);
      in.readFully(piece.array(), 0, n * 8);
      piece.asLongBuffer().get(a, i, n);
    }
    return a;
  }

  public double[] readDoubles(ObjectInput in) throws IOException {
    double[] a = new double[length(in)];
    for (int i = 0, n; i < a.length; i += n) {
      n = Math.min(a.length - i, PIECE_BYTES / 8);
      in.readFully(piece.array(), 0, n * 8);
      piece.asDoubleBuffer().get(a, i, n);
    }
    return a;
  }

  public byte[] readBytes(ObjectInput in) throws IOException {
    byte[] a = new byte[length(in)];
    in.readFully(a);
    return a;
  }

  private static int length(ObjectInput in) throws IOException {
    int n = in.readInt();
    if (n < 0) {
      throw new IOException("array length " + n + " in a block; the stream is corrupt");
    }
    return n;
  }
}
