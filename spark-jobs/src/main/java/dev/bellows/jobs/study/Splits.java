package dev.bellows.jobs.study;

import dev.bellows.engine.sample.split.GivenFolds;
import dev.bellows.engine.sample.split.GroupKFold;
import dev.bellows.engine.sample.split.HoldOut;
import dev.bellows.engine.sample.split.KFold;
import dev.bellows.engine.sample.split.LeaveGroupsOut;
import dev.bellows.engine.sample.split.LeaveOneOut;
import dev.bellows.engine.sample.split.SplitException;
import dev.bellows.engine.sample.split.Splitter;
import dev.bellows.engine.sample.split.TimeSeriesSplit;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.config.CvConfig;

/** The splitter that a configuration means, and the folds that it makes of the rows. */
final class Splits {
  private Splits() {}

  /** What {@code auto} means: the columns that are named decide, then the task. */
  static CvConfig.Kind kind(CvConfig cv, boolean classes) {
    if (cv.kind() != CvConfig.Kind.AUTO) {
      return cv.kind();
    }
    if (cv.fold() != null) {
      return CvConfig.Kind.COLUMN;
    }
    if (cv.time() != null) {
      return CvConfig.Kind.TIME_SERIES;
    }
    if (cv.group() != null) {
      return classes ? CvConfig.Kind.STRATIFIED_GROUP : CvConfig.Kind.GROUP;
    }
    return classes ? CvConfig.Kind.STRATIFIED : CvConfig.Kind.KFOLD;
  }

  static Splitter splitter(CvConfig cv, boolean classes) {
    return switch (kind(cv, classes)) {
      case AUTO -> throw new IllegalStateException("auto is resolved");
      case KFOLD -> new KFold(cv.folds(), cv.repeats(), false);
      case STRATIFIED -> new KFold(cv.folds(), cv.repeats(), true);
      case GROUP -> new GroupKFold(cv.folds(), cv.repeats(), false);
      case STRATIFIED_GROUP -> new GroupKFold(cv.folds(), cv.repeats(), true);
      case LEAVE_ONE_OUT -> new LeaveOneOut();
      case LEAVE_GROUPS_OUT -> new LeaveGroupsOut(cv.folds());
      case TIME_SERIES ->
          new TimeSeriesSplit(
              cv.folds(), cv.validationRows(), cv.gapRows(), cv.purge(), cv.windowRows());
      case COLUMN -> new GivenFolds(cv.group() != null);
      case HOLD_OUT ->
          new HoldOut(cv.share(), 0, classes ? HoldOut.By.STRATA : HoldOut.By.ROWS, cv.repeats());
    };
  }

  /**
   * Divides the rows of a study.
   *
   * @throws BellowsException exit 3 or 4 when they can't be divided so, with what can be
   */
  static FoldTable divide(CvConfig cv, StudyRows rows, long seed) {
    boolean classes = !rows.encoding().classes().isEmpty();
    try {
      return FoldTable.of(splitter(cv, classes), rows.rows(), rows::facts, seed);
    } catch (SplitException e) {
      ExitCode code = e.kind() == SplitException.Cause.REQUEST ? ExitCode.CONFIG : ExitCode.DATA;
      throw new BellowsException(code, "cv: " + e.getMessage(), e);
    }
  }
}
