package dev.bellows.engine.kernel;

/** Which element of x each place of a padded tensor y shows. */
public final class PadShape {
  /** Fills with a value. */
  public static final int CONSTANT = 0;

  /** Mirrors the inside, the border not repeated. */
  public static final int REFLECT = 1;

  /** Repeats the border. */
  public static final int EDGE = 2;

  private final int[] dims;
  private final int[][] places;

  private PadShape(int[] dims, int[][] places) {
    this.dims = dims;
    this.places = places;
  }

  /** Number of axes. */
  public int rank() {
    return dims.length;
  }

  /** Size of an axis of x. */
  public int dim(int axis) {
    return dims[axis];
  }

  /** Size of an axis of y. */
  public int paddedDim(int axis) {
    return places[axis].length;
  }

  /** The place of x along an axis that a place of y shows, or -1 for none. */
  public int place(int axis, int padded) {
    return places[axis][padded];
  }

  /** A pad of {@code before[i]} and {@code after[i]} places around axis i. */
  public static PadShape of(int[] dims, int[] before, int[] after, int mode) {
    int[][] places = new int[dims.length][];
    for (int axis = 0; axis < dims.length; axis++) {
      int n = dims[axis];
      places[axis] = new int[before[axis] + n + after[axis]];
      for (int i = 0; i < places[axis].length; i++) {
        int at = i - before[axis];
        places[axis][i] =
            at >= 0 && at < n
                ? at
                : switch (mode) {
                  case REFLECT -> at < 0 ? -at : 2 * (n - 1) - at;
                  case EDGE -> at < 0 ? 0 : n - 1;
                  default -> -1;
                };
      }
    }
    return new PadShape(dims.clone(), places);
  }
}
