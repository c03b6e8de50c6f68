package dev.bellows.engine.sample;

/**
 * What a random number is for. Two purposes never share a stream, so that e.g. changing the holdout
 * does not change the initial weights. Ids are part of every result and are never reused or
 * renumbered.
 */
public enum Purpose {
  HOLDOUT(1),
  DEAL(2),
  ORDER(3),
  INIT(4),
  DROPOUT(5),
  SYNTH(6),
  BOOTSTRAP(7),
  FOLD(8),
  AUGMENT(9),
  RETRY(10),
  SAMPLE(11),
  SEARCH(20);

  private final int id;

  Purpose(int id) {
    this.id = id;
  }

  /** The stable id that enters the hash. */
  public int id() {
    return id;
  }
}
