package dev.bellows.ps.protocol;

/** Gives the decoder room for float payloads. */
@FunctionalInterface
public interface FloatScratch {
  /**
   * An array of at least this length; its contents may be overwritten by the next call.
   *
   * @param length elements, already checked against the frame's length
   */
  float[] take(int length);

  /**
   * An array of at least this many bytes; its contents may be overwritten by the next call.
   *
   * @param length bytes, already checked against the frame's length
   */
  default byte[] takeBytes(int length) {
    return new byte[length];
  }

  /**
   * One array that grows and is used again: for a single thread that handles each message before it
   * decodes the next.
   */
  static FloatScratch reusing() {
    return new FloatScratch() {
      private float[] array = new float[0];
      private byte[] bytes = new byte[0];

      @Override
      public float[] take(int length) {
        if (array.length < length) {
          array = new float[length];
        }
        return array;
      }

      @Override
      public byte[] takeBytes(int length) {
        if (bytes.length < length) {
          bytes = new byte[length];
        }
        return bytes;
      }
    };
  }
}
