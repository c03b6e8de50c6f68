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
   * One array that grows and is used again: for a single thread that handles each message before it
   * decodes the next.
   */
  static FloatScratch reusing() {
    return new FloatScratch() {
      private float[] array = new float[0];

      @Override
      public float[] take(int length) {
        if (array.length < length) {
          array = new float[length];
        }
        return array;
      }
    };
  }
}
