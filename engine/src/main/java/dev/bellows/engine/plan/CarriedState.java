package dev.bellows.engine.plan;

import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.tensor.Memory;
import java.util.NoSuchElementException;

/**
 * Carries the state of a recurrent layer from one run to the next: a long sequence is read in
 * chunks, and what a row's chunk leaves is where the row's next chunk begins. Nothing is trained
 * through the state, so that a trainer that updates after each chunk does truncated
 * back-propagation through time (R. Williams, J. Peng, Neural Computation 1990), in memory that
 * does not grow with the sequence.
 *
 * <pre>
 * CarriedState carried = CarriedState.of(spec, "state", "last");  // part [S H], a watched layer of S H values
 * carried.clear(trainer.batch());                                 // at the start of the sequences
 * fill(trainer.batch()); trainer.run(step, 0);
 * carried.carry(trainer.activationAddress("last"), trainer.batch());
 * </pre>
 *
 * @param layer the layer that gives the final state
 * @param from first number of the row that holds the initial state
 * @param width numbers of a state
 */
public record CarriedState(String layer, int from, int width) {
  /**
   * Carries from a layer to a part of the input.
   *
   * @param part numbers that a recurrent layer takes as its initial state
   * @param layer what gives the final state, with {@code return_state}
   * @throws NoSuchElementException when the network has no such part
   */
  public static CarriedState of(NetworkSpec spec, String part, String layer) {
    for (InputPart found : spec.input().parts()) {
      if (found.name().equals(part) && !found.tokens()) {
        return new CarriedState(layer, found.from(), found.size());
      }
    }
    throw new NoSuchElementException(
        "the network has no part '" + part + "' of numbers; there are " + spec.input().parts());
  }

  /** Starts all rows from zero. */
  public void clear(BatchBuffers batch) {
    for (int row = 0; row < batch.maxRows(); row++) {
      Memory.zero(place(batch, row), 4L * width);
    }
  }

  /**
   * Makes the final states of the last run the initial states of the next.
   *
   * @param state floats [rows, width]
   */
  public void carry(long state, BatchBuffers batch) {
    for (int row = 0; row < batch.rows(); row++) {
      Memory.copy(state + 4L * row * width, place(batch, row), 4L * width);
    }
  }

  private long place(BatchBuffers batch, int row) {
    return batch.numeric() + 4L * ((long) row * batch.numericWidth() + from);
  }
}
