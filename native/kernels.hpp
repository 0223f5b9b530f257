// The kernels of one level. Only kernel sources and table.cpp include this file; they are compiled once per level.
#pragma once
#include "levels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

void cube_patterns(const uint8_t* mask, const int64_t shape[3], int64_t counts[256], int64_t sums[256 * 3]);
void pam(const PamProblem& problem, const PamResult& result, double* workspace);
void cocluster(const uint8_t* labels, int64_t n_resamples, int64_t n_cases, uint8_t* row, int32_t* counts);
int64_t sphere_map(const SphereProblem& problem, double* points, int32_t* integers, double* doubles);

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
