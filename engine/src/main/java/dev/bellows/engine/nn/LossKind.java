package dev.bellows.engine.nn;

import dev.bellows.engine.nn.loss.AdversarialLosses;
import dev.bellows.engine.nn.loss.CapsuleLosses;
import dev.bellows.engine.nn.loss.ClassLosses;
import dev.bellows.engine.nn.loss.CoreLosses;
import dev.bellows.engine.nn.loss.EmbeddingLosses;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.engine.nn.loss.NumberLosses;
import java.util.Locale;

/** The closed set of losses, on raw scores; formulas in {@link dev.bellows.engine.graph.Op}. */
@SuppressWarnings(
    "ImmutableEnumChecker") // A definition has no way to change; its lambdas can't say so.
public enum LossKind {
  /** One class of K; labels int [N]. */
  SOFTMAX_CROSS_ENTROPY(CoreLosses.SOFTMAX_CROSS_ENTROPY),
  /** K independent yes/no outputs; target [N, K] in [0, 1]. */
  SIGMOID_CROSS_ENTROPY(CoreLosses.SIGMOID_CROSS_ENTROPY),
  /** Squared error; target [N, K]. */
  MSE(CoreLosses.MSE),
  /** Absolute error; target [N, K]. */
  MAE(CoreLosses.MAE),
  /** Squared near 0, linear beyond {@code huber_delta} (P. Huber, 1964); target [N, K]. */
  HUBER(CoreLosses.HUBER),
  /** Margin loss of one raw score; target [N, 1] in {0, 1}. */
  HINGE(CoreLosses.HINGE),
  /** Cross-entropy that easy rows count less in; labels int [N]. */
  FOCAL(ClassLosses.FOCAL),
  /** The same for K yes/no outputs; target [N, K] of 0 and 1. */
  SIGMOID_FOCAL(ClassLosses.SIGMOID_FOCAL),
  /** Overlap of a mask; target [N, K] in [0, 1]. */
  DICE(ClassLosses.DICE),
  /** Soft intersection over union of a mask; target [N, K] in [0, 1]. */
  JACCARD(ClassLosses.JACCARD),
  /** Overlap with prices for false alarms and misses; target [N, K] in [0, 1]. */
  TVERSKY(ClassLosses.TVERSKY),
  /** Dice per class; labels int [N, P]. */
  SOFTMAX_DICE(ClassLosses.SOFTMAX_DICE),
  /** Divergence from shares of classes; target [N, K]. */
  KULLBACK_LEIBLER(ClassLosses.KULLBACK_LEIBLER),
  /** Quantile regression; target [N, K]. */
  PINBALL(NumberLosses.PINBALL),
  /** Counts; target [N, K]. */
  POISSON(NumberLosses.POISSON),
  /** ln cosh of the error; target [N, K]. */
  LOG_COSH(NumberLosses.LOG_COSH),
  /** Direction; target [N, K]. */
  COSINE(NumberLosses.COSINE),
  /** Anchor, positive and negative; no truth. */
  TRIPLET(EmbeddingLosses.TRIPLET),
  /** Triplets mined in the slice; labels int [N]. */
  BATCH_HARD_TRIPLET(EmbeddingLosses.BATCH_HARD_TRIPLET),
  /** Pairs by distance; target [N, 1]. */
  CONTRASTIVE(EmbeddingLosses.CONTRASTIVE),
  /** Pairs by cosine; target [N, 1]. */
  COSINE_EMBEDDING(EmbeddingLosses.COSINE_EMBEDDING),
  /** Two views of a row; no truth. */
  INFO_NCE(EmbeddingLosses.INFO_NCE),
  /** Gaussian code; no truth. */
  GAUSSIAN_KULLBACK_LEIBLER(EmbeddingLosses.GAUSSIAN_KULLBACK_LEIBLER),
  /** Judge of real and made rows; no truth. */
  DISCRIMINATOR(AdversarialLosses.DISCRIMINATOR),
  /** Maker of rows that a judge scores; no truth. */
  GENERATOR(AdversarialLosses.GENERATOR),
  /** Two-sided margin on lengths in [0, 1), one per class; labels int [N]. */
  CAPSULE_MARGIN(CapsuleLosses.CAPSULE_MARGIN);

  private final LossType type;

  LossKind(LossType type) {
    this.type = type;
  }

  /** The loss's definition. */
  public LossType type() {
    return type;
  }

  /** The name in files, for example {@code mse}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether the truth is {@code labels} int [N, P]; else it is {@code target} or there is none. */
  public boolean usesLabels() {
    return type.truth() == LossType.Truth.LABELS;
  }

  /** Whether the task is a classification. */
  public boolean classifies() {
    return type.classifies();
  }
}
