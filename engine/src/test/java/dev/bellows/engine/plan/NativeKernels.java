package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.cpu.CpuKernels;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a class, with the reason, where the native kernels do not load. */
public final class NativeKernels implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    String problem = CpuKernels.problem();
    return problem.isEmpty()
        ? ConditionEvaluationResult.enabled("native kernels load")
        : ConditionEvaluationResult.disabled(problem);
  }
}
