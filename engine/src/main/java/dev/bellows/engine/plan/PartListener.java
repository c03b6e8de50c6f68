package dev.bellows.engine.plan;

/**
 * Hears during a run what of the flat vector is needed and what is finished, part by part, so that
 * parameters may still arrive while the forward pass runs and gradients may leave while the
 * backward pass does: {@link SliceTrainer#run(long, int, PartListener)}.
 */
public interface PartListener {
  /** Parameters of this part are read next: returns when they are there. */
  void needs(int part);

  /**
   * The gradient of this part is final, the run reads its parameters no more, and {@link
   * SliceTrainer#scalars} are those of the whole run.
   */
  void ready(int part);
}
