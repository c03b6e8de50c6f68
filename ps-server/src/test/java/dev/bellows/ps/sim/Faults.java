package dev.bellows.ps.sim;

/**
 * What goes wrong in a simulated run.
 *
 * @param drop probability that a frame is lost
 * @param duplicate probability that a frame arrives twice
 * @param corrupt probability that one bit of a frame is flipped
 * @param maxDelayMs frames take 0.05 ms up to this, so that they overtake each other
 * @param cut probability that a frame's sending cuts the connection
 * @param replacements number of times that tasks are replaced
 * @param zombies replaced tasks are paused and wake up later instead of being killed
 * @param crashes number of times that a server loses its memory
 */
record Faults(
    double drop,
    double duplicate,
    double corrupt,
    int maxDelayMs,
    double cut,
    int replacements,
    boolean zombies,
    int crashes) {
  static final Faults NONE = new Faults(0, 0, 0, 1, 0, 0, false, 0);
}
