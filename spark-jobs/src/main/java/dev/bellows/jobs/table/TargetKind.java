package dev.bellows.jobs.table;

import dev.bellows.jobs.config.RunConfig;

/** What the target of a row is. */
public enum TargetKind {
  /** One class. */
  CLASS,
  /** One number. */
  NUMBER,
  /** One class per token of a text, written between blanks. */
  TAGS,
  /** The token that follows, for each token of a text. */
  NEXT_TOKEN,
  /** One class per pixel of an image, in its mask. */
  PIXELS,
  /** Numbers of the steps that follow a window of a series. */
  STEPS;

  /** What a task learns. */
  public static TargetKind of(RunConfig.Task task) {
    return switch (task) {
      case CLASSIFICATION -> CLASS;
      case REGRESSION -> NUMBER;
      case TAGGING -> TAGS;
      case LANGUAGE_MODEL, TRANSLATION -> NEXT_TOKEN;
      case SEGMENTATION -> PIXELS;
    };
  }

  /** Whether the target is one of several classes, per row or per token. */
  public boolean classes() {
    return this != NUMBER && this != STEPS;
  }
}
