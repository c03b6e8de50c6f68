package dev.bellows.ps.protocol;

/**
 * The namespace a request is for.
 *
 * @param run run id: 1 to {@value #MAX_RUN_LENGTH} characters out of {@code A-Z a-z 0-9 . _ -}
 * @param shard shard number, 0-based
 * @param incarnation grows with every driver attempt and every roll-back; smaller ones are refused
 */
public record Target(String run, int shard, long incarnation) {
  /** Longest run id. */
  public static final int MAX_RUN_LENGTH = 96;

  /** Largest shard number. */
  public static final int MAX_SHARD = 65_535;

  /**
   * Checks the fields.
   *
   * @throws PsException {@link PsErrorCode#BAD_REQUEST} naming the field
   */
  public Target {
    if (run.isEmpty() || run.length() > MAX_RUN_LENGTH) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          "run id must have 1 to " + MAX_RUN_LENGTH + " characters, found " + run.length());
    }
    for (int i = 0; i < run.length(); i++) {
      char c = run.charAt(i);
      boolean ok =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '.'
              || c == '_'
              || c == '-';
      if (!ok) {
        throw new PsException(
            PsErrorCode.BAD_REQUEST,
            "run id may hold A-Z a-z 0-9 . _ - only, found code " + (int) c + " at " + i);
      }
    }
    if (shard < 0 || shard > MAX_SHARD) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST, "shard must be in 0.." + MAX_SHARD + ", found " + shard);
    }
    if (incarnation < 0) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST, "incarnation must be >= 0, found " + incarnation);
    }
  }

  @Override
  public String toString() {
    return run + "/shard-" + shard + "@" + incarnation;
  }
}
