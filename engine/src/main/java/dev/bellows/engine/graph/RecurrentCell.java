package dev.bellows.engine.graph;

import java.util.Locale;

/**
 * What a recurrent layer does at one time step. H is the number of units, a the input product of
 * the step (x W + b), U the recurrent weights [H, G H] with the gates side by side, h the state, *
 * elementwise.
 */
public enum RecurrentCell {
  /** h' = tanh(a + h U). J. L. Elman, "Finding structure in time", 1990. */
  TANH(0, 1, 1, 2),
  /** h' = max(0, a + h U). Q. V. Le et al., arXiv 1504.00941, 2015. */
  RELU(1, 1, 1, 2),
  /**
   * Gates i, f, g, o of a + h U; c' = f * c + i * g, h' = o * tanh(c') (i, f, o by the logistic
   * function, g by tanh). F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", 2000. The
   * state is h, then c.
   */
  LSTM(2, 4, 2, 7),
  /**
   * Gates r, z, n: n = tanh(a_n + r * (h U_n + b)), h' = (1 - z) * n + z * h, with r and z the
   * logistic function of a + h U; b is the candidate's recurrent bias [H]. The form of cuDNN and
   * PyTorch.
   */
  GRU(3, 3, 1, 5),
  /** As {@link #GRU}, but n = tanh(a_n + (r * h) U_n): the form of K. Cho et al., EMNLP 2014. */
  GRU_RESET_BEFORE(4, 3, 1, 4);

  private final int code;
  private final int gates;
  private final int states;
  private final int traceBlocks;

  RecurrentCell(int code, int gates, int states, int traceBlocks) {
    this.code = code;
    this.gates = gates;
    this.states = states;
    this.traceBlocks = traceBlocks;
  }

  /** The number that stands for the cell in graphs and native kernels. */
  public int code() {
    return code;
  }

  /** The cell of a {@link #code}. */
  public static RecurrentCell ofCode(int code) {
    for (RecurrentCell cell : values()) {
      if (cell.code == code) {
        return cell;
      }
    }
    throw new IllegalArgumentException("no recurrent cell has code " + code);
  }

  /** G, the columns of the input product per unit. */
  public int gates() {
    return gates;
  }

  /** Tensors [N, H] that make up the state: 2 of an LSTM (h, c), else 1. */
  public int states() {
    return states;
  }

  /**
   * Blocks [N, T, H] that the backward pass needs of the forward pass. Block 0 is the state h
   * before each step; then TANH, RELU: h'; LSTM: i, f, g, o, c before the step, tanh(c'); GRU: r,
   * z, n and, for {@link #GRU} alone, h U_n + b. Zero at steps beyond a row's length.
   */
  public int traceBlocks() {
    return traceBlocks;
  }

  /** Whether the cell takes a candidate bias. */
  public boolean hasCandidateBias() {
    return this == GRU;
  }

  /** The name in configurations, for example {@code gru_reset_before}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
