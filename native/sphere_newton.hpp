// Newton steps of a whole level of a spherical map: conjugate gradients, preconditioned by the levels themselves.
//
// The Hessian is that of the energy, except that the curvature of V counts no more than keeps a triangle's part positive: angles
// weigh D'' / V, and D'' + V'' and D'' - V'' are both positive. Coarse levels have none of it, nor of the curvature of the sphere;
// levels on which the sum is not positive have less. Vectors have two entries per vertex, in its tangent frame.
#pragma once
#include "sphere_level.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr int FEWEST_ITERATIONS = 12, MOST_ITERATIONS = 40;  // of conjugate gradients in a Newton step
constexpr double ACCURACY = 0.03;           // of a Newton step
constexpr double MOST_CURVATURE = 0.95;     // of V, over what keeps a triangle's part positive
constexpr int64_t CURVED = 1000;            // vertices from which a level has any of it
constexpr double LOST_CURVATURE = 0.7;      // what is left of it when the Hessian was not positive
constexpr int HALVINGS = 7;                 // of a step
constexpr double NEARLY_FLAT = 0.2;         // a triangle that keeps less of its area than this is evened out
constexpr double MUCH_WORSE = 0.2;          // rise of the energy of a triangle, over its share, after which its corners are relaxed
constexpr int EVENING_ROUNDS = 12, EVENING_SWEEPS = 3, REPAIRS = 4;
constexpr int64_t MOST_GRIDS = 64;

struct Newton {
    Frame* frame;                                                   // (n,)
    double *diagonal;                                               // (n, 3) blocks of the vertices
    double *block;                                                  // (edges, 4) blocks of a vertex and a later one
    double *solution, *residual, *conditioned, *direction, *image;  // (n, 2)
    double *move, *before;                                          // (n, 3) a step in space, and the points before it
    int32_t* first_edge;                                            // (n + 1,) edges to later vertices
    int32_t* column;                                                // (edges,) the later vertex
    int32_t* edge;                                                  // (n_triangles, 3) from a corner to the next one
    int32_t* marked;                                                // (n,)
    double curvature;
    // From which older vertices a vertex takes its displacement on coarser levels.
    int32_t* first_parent;  // (n + 1,)
    int32_t* parent;
    float* weight;
    int64_t parent_room;
    // The levels of the preconditioner, the coarsest first.
    int64_t n_grids;
    int64_t size[MOST_GRIDS], start[MOST_GRIDS];
    float* inverse;     // (sum of sizes, 6) symmetric matrices in space
    float* correction;  // (sum of sizes, 3)
    float* field;       // (n, 3)
};

void link_edges(const Level& level, Newton& newton) {
    int32_t edges = 0;
    for (int64_t i = 0; i < level.n; ++i) {
        newton.first_edge[i] = edges;
        for (int32_t slot = level.first[i]; slot < level.first[i + 1]; ++slot)
            if (level.ring[slot] > i) newton.column[edges++] = level.ring[slot];
    }
    newton.first_edge[level.n] = edges;
    for (int64_t t = 0; t < level.n_triangles; ++t) {
        const int32_t* corner = level.corners + 3 * t;
        for (int c = 0; c < 3; ++c) {
            const int32_t u = corner[c], w = corner[(c + 1) % 3], low = u < w ? u : w, high = u < w ? w : u;
            int32_t e = newton.first_edge[low];
            while (newton.column[e] != high) ++e;
            newton.edge[3 * t + c] = e;
        }
    }
}

// The part of a triangle in gradient and Hessian.
void add_triangle(const Level& level, int64_t t, const double* points, Newton& newton) {
    const int32_t* corner = level.corners + 3 * t;
    const double* cotangent = level.cotangents + 5 * t;
    const double m = level.mass[t], v = m * WHOLE_SPHERE;
    Vector p[3], of_d[3], of_v[3];
    for (int c = 0; c < 3; ++c) p[c] = at(points, corner[c]);
    const double cosine[3] = {dot(p[1], p[2]), dot(p[2], p[0]), dot(p[0], p[1])};
    double dirichlet = 0, flat[3];
    for (int c = 0; c < 3; ++c) {
        const int next = (c + 1) % 3, last = (c + 2) % 3;
        flat[c] = 1 - newton.curvature * (1 - cosine[c]);
        dirichlet += cotangent[c] * (1 - cosine[c]);
        of_d[c] = cotangent[last] * (p[c] - p[next]) + cotangent[next] * (p[c] - p[last]);
        of_v[c] = cross(p[next], p[last]);
    }
    const double now = dot(p[0], of_v[0]), inverse = 1.0 / now, square = inverse * inverse;
    const double top = m * (SHAPE * dirichlet + 0.5 * v);
    const double slope = 0.5 * m / v - top * square, stiff = m * SHAPE * inverse, mix = -m * SHAPE * square;
    const double bend = 2 * top * square * inverse, most = newton.curvature * stiff;
    const double curved = slope > most ? most : slope < -most ? -most : slope;
    double d[3][2], n[3][2];
    for (int c = 0; c < 3; ++c) {
        const int next = (c + 1) % 3, last = (c + 2) % 3;
        const int64_t i = corner[c];
        const Frame& frame = newton.frame[i];
        d[c][0] = dot(frame.e1, of_d[c]), d[c][1] = dot(frame.e2, of_d[c]);
        n[c][0] = dot(frame.e1, of_v[c]), n[c][1] = dot(frame.e2, of_v[c]);
        newton.residual[2 * i] -= stiff * d[c][0] + slope * n[c][0];
        newton.residual[2 * i + 1] -= stiff * d[c][1] + slope * n[c][1];
        const double own = stiff * (cotangent[last] * flat[last] + cotangent[next] * flat[next]) - curved * now;
        newton.diagonal[3 * i] += own + 2 * mix * d[c][0] * n[c][0] + bend * n[c][0] * n[c][0];
        newton.diagonal[3 * i + 1] += mix * (d[c][0] * n[c][1] + d[c][1] * n[c][0]) + bend * n[c][0] * n[c][1];
        newton.diagonal[3 * i + 2] += own + 2 * mix * d[c][1] * n[c][1] + bend * n[c][1] * n[c][1];
    }
    for (int c = 0; c < 3; ++c) {
        const int next = (c + 1) % 3, last = (c + 2) % 3;
        const Frame &from = newton.frame[corner[c]], &to = newton.frame[corner[next]];
        const double side = -stiff * cotangent[last];
        // Rows of the corner, columns of the next one; turned over if that one comes first.
        const Vector row1 = side * from.e1 + curved * cross(p[last], from.e1), row2 = side * from.e2 + curved * cross(p[last], from.e2);
        const double part[4] = {
            dot(to.e1, row1) + mix * (d[c][0] * n[next][0] + n[c][0] * d[next][0]) + bend * n[c][0] * n[next][0],
            dot(to.e2, row1) + mix * (d[c][0] * n[next][1] + n[c][0] * d[next][1]) + bend * n[c][0] * n[next][1],
            dot(to.e1, row2) + mix * (d[c][1] * n[next][0] + n[c][1] * d[next][0]) + bend * n[c][1] * n[next][0],
            dot(to.e2, row2) + mix * (d[c][1] * n[next][1] + n[c][1] * d[next][1]) + bend * n[c][1] * n[next][1]};
        const bool turned = corner[c] > corner[next];
        double* block = newton.block + 4 * newton.edge[3 * t + c];
        block[0] += part[0];
        block[1] += part[turned ? 2 : 1];
        block[2] += part[turned ? 1 : 2];
        block[3] += part[3];
    }
}

void assemble(const Level& level, const double* points, Newton& newton) {
    for (int64_t i = 0; i < level.n; ++i) {
        newton.frame[i] = frame_at(at(points, i));
        newton.residual[2 * i] = newton.residual[2 * i + 1] = 0;
        newton.diagonal[3 * i] = newton.diagonal[3 * i + 1] = newton.diagonal[3 * i + 2] = 0;
    }
    for (int64_t k = 0; k < 4 * newton.first_edge[level.n]; ++k) newton.block[k] = 0;
    for (int64_t t = 0; t < level.n_triangles; ++t) add_triangle(level, t, points, newton);
}

void multiply(const Level& level, const Newton& newton, const double* in, double* out) {
    for (int64_t i = 0; i < 2 * level.n; ++i) out[i] = 0;
    for (int64_t i = 0; i < level.n; ++i) {
        const double *d = newton.diagonal + 3 * i, x1 = in[2 * i], x2 = in[2 * i + 1];
        double s1 = d[0] * x1 + d[1] * x2, s2 = d[1] * x1 + d[2] * x2;
        for (int32_t e = newton.first_edge[i]; e < newton.first_edge[i + 1]; ++e) {
            const double *b = newton.block + 4 * e, *other = in + 2 * int64_t(newton.column[e]);
            double* to = out + 2 * int64_t(newton.column[e]);
            s1 += b[0] * other[0] + b[1] * other[1];
            s2 += b[2] * other[0] + b[3] * other[1];
            to[0] += b[0] * x1 + b[2] * x2;
            to[1] += b[1] * x1 + b[3] * x2;
        }
        out[2 * i] += s1;
        out[2 * i + 1] += s2;
    }
}

// Adds the present level to the preconditioner: the inverses of its diagonal blocks, as matrices in space.
void add_grid(const Level& level, Newton& newton) {
    const int64_t g = newton.n_grids++;
    newton.size[g] = level.n;
    newton.start[g] = g ? newton.start[g - 1] + newton.size[g - 1] : 0;
    for (int64_t i = 0; i < level.n; ++i) {
        const double* d = newton.diagonal + 3 * i;
        const double determinant = larger(d[0] * d[2] - d[1] * d[1], 1e-6 * d[0] * d[2] + TINY);
        const double a = d[2] / determinant, b = -d[1] / determinant, c = d[0] / determinant;
        const Vector e1 = newton.frame[i].e1, e2 = newton.frame[i].e2;
        const Vector left = a * e1 + b * e2, right = b * e1 + c * e2;
        float* to = newton.inverse + 6 * (newton.start[g] + i);
        to[0] = float(e1.x * left.x + e2.x * right.x);
        to[1] = float(e1.x * left.y + e2.x * right.y);
        to[2] = float(e1.x * left.z + e2.x * right.z);
        to[3] = float(e1.y * left.y + e2.y * right.y);
        to[4] = float(e1.y * left.z + e2.y * right.z);
        to[5] = float(e1.z * left.z + e2.z * right.z);
    }
}

// out = the sum over all grids of what block Jacobi finds there (Bramble, Pasciak & Xu 1990).
void precondition(Newton& newton, const double* in, double* out) {
    const int64_t finest = newton.n_grids - 1, n = newton.size[finest];
    float* field = newton.field;
    for (int64_t i = 0; i < n; ++i) {
        const Vector v = in[2 * i] * newton.frame[i].e1 + in[2 * i + 1] * newton.frame[i].e2;
        field[3 * i] = float(v.x), field[3 * i + 1] = float(v.y), field[3 * i + 2] = float(v.z);
    }
    for (int64_t grid = finest; grid >= 0; --grid) {
        const float *m = newton.inverse + 6 * newton.start[grid], *v = field;
        float* c = newton.correction + 3 * newton.start[grid];
        for (int64_t i = 0; i < newton.size[grid]; ++i, m += 6, v += 3, c += 3) {
            c[0] = m[0] * v[0] + m[1] * v[1] + m[2] * v[2];
            c[1] = m[1] * v[0] + m[3] * v[1] + m[4] * v[2];
            c[2] = m[2] * v[0] + m[4] * v[1] + m[5] * v[2];
        }
        if (grid == 0) break;
        for (int64_t i = newton.size[grid] - 1; i >= newton.size[grid - 1]; --i)
            for (int32_t k = newton.first_parent[i]; k < newton.first_parent[i + 1]; ++k)
                for (int e = 0; e < 3; ++e) field[3 * newton.parent[k] + e] += newton.weight[k] * field[3 * i + e];
    }
    for (int64_t i = 0; i < 3 * newton.size[0]; ++i) field[i] = newton.correction[i];
    for (int64_t grid = 1; grid <= finest; ++grid) {
        for (int64_t i = newton.size[grid - 1]; i < newton.size[grid]; ++i) {
            float sum[3] = {0, 0, 0};
            for (int32_t k = newton.first_parent[i]; k < newton.first_parent[i + 1]; ++k)
                for (int e = 0; e < 3; ++e) sum[e] += newton.weight[k] * field[3 * newton.parent[k] + e];
            for (int e = 0; e < 3; ++e) field[3 * i + e] = sum[e];
        }
        const float* c = newton.correction + 3 * newton.start[grid];
        for (int64_t i = 0; i < 3 * newton.size[grid]; ++i) field[i] += c[i];
    }
    for (int64_t i = 0; i < n; ++i) {
        const Vector v{field[3 * i], field[3 * i + 1], field[3 * i + 2]};
        out[2 * i] = dot(v, newton.frame[i].e1);
        out[2 * i + 1] = dot(v, newton.frame[i].e2);
    }
}

// The weights with which a vertex inside its ring is the mean of the ring (mean value coordinates, Floater 2003).
void set_parents(const Mesh& mesh, Newton& newton, int64_t i) {
    const int32_t* r = mesh.around(i);
    const int64_t d = mesh.degree[i], begin = newton.first_parent[i];
    const bool fits = begin + d <= newton.parent_room;
    newton.first_parent[i + 1] = int32_t(begin + (fits ? d : 0));
    if (!fits) return;
    const Vector p = at(mesh.point, i);
    double weights[CAPACITY], sum = 0;
    for (int64_t k = 0; k < d; ++k) {
        const Vector own = at(mesh.point, r[k]) - p;
        const Vector sides[2] = {at(mesh.point, r[(k + d - 1) % d]) - p, at(mesh.point, r[(k + 1) % d]) - p};
        double weight = 0;
        for (const Vector& side : sides)  // the tangent of half the angle between them
            weight += (length(own) * length(side) - dot(own, side)) / (length(cross(own, side)) + TINY);
        weights[k] = weight / (length(own) + TINY);
        sum += weights[k];
    }
    for (int64_t k = 0; k < d; ++k) {
        newton.parent[begin + k] = r[k];
        newton.weight[begin + k] = float(weights[k] / sum);
    }
}

double product(int64_t n, const double* a, const double* b) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

// Solves for the Newton step; the residual is used up. False if the Hessian is not positive: the solution is then a beginning.
bool solve(const Level& level, Newton& newton) {
    double *x = newton.solution, *r = newton.residual, *z = newton.conditioned, *p = newton.direction, *q = newton.image;
    const int64_t length = 2 * level.n;
    precondition(newton, r, z);
    for (int64_t i = 0; i < length; ++i) {
        x[i] = 0;
        p[i] = z[i];
    }
    double now = product(length, r, z);
    const double enough = ACCURACY * ACCURACY * now;
    for (int iteration = 0; iteration < MOST_ITERATIONS && now > (iteration < FEWEST_ITERATIONS ? 0 : enough); ++iteration) {
        multiply(level, newton, p, q);
        const double curve = product(length, p, q);
        if (!(curve > 0)) {
            newton.curvature *= LOST_CURVATURE;
            return false;
        }
        const double step = now / curve;
        for (int64_t i = 0; i < length; ++i) {
            x[i] += step * p[i];
            r[i] -= step * q[i];
        }
        precondition(newton, r, z);
        const double next = product(length, r, z), ratio = next / now;
        for (int64_t i = 0; i < length; ++i) p[i] = z[i] + ratio * p[i];
        now = next;
    }
    return true;
}

// Where a step would turn or nearly flatten a triangle, its surroundings move as their neighbours do. False if that does not help.
bool even_out(const Level& level, double* points, Newton& newton) {
    double* move = newton.move;
    int32_t* marked = newton.marked;
    for (int64_t i = 0; i < level.n; ++i) marked[i] = 0;
    for (int round = 0; round < EVENING_ROUNDS; ++round) {
        for (int64_t i = 0; i < level.n; ++i) put(points, i, unit(at(newton.before, i) + at(move, i)));
        bool any = false;
        for (int64_t t = 0; t < level.n_triangles; ++t) {
            const int32_t* c = level.corners + 3 * t;
            const double before = volume(at(newton.before, c[0]), at(newton.before, c[1]), at(newton.before, c[2]));
            if (volume(at(points, c[0]), at(points, c[1]), at(points, c[2])) > NEARLY_FLAT * before) continue;
            any = true;
            marked[c[0]] = marked[c[1]] = marked[c[2]] = 1;
        }
        if (!any) return true;
        if (round >= 2) {  // the surroundings grow
            for (int64_t i = 0; i < level.n; ++i)
                for (int32_t slot = level.first[i]; marked[i] == 1 && slot < level.first[i + 1]; ++slot)
                    if (!marked[level.ring[slot]]) marked[level.ring[slot]] = 2;
            for (int64_t i = 0; i < level.n; ++i) marked[i] = marked[i] != 0;
        }
        for (int sweep = 0; sweep < EVENING_SWEEPS; ++sweep) {
            for (int64_t i = 0; i < level.n; ++i) {
                if (!marked[i]) continue;
                Vector sum{0, 0, 0};
                for (int32_t slot = level.first[i]; slot < level.first[i + 1]; ++slot) sum = sum + at(move, level.ring[slot]);
                put(move, i, (1.0 / double(level.first[i + 1] - level.first[i])) * sum);
            }
        }
    }
    return false;
}

// Takes a part of the step, evened out, and relaxes what it made much worse. Returns the energy, negative if a triangle is turned over.
double take_step(const Level& level, double* points, Newton& newton, double part) {
    for (int64_t i = 0; i < level.n; ++i) {
        const Frame& frame = newton.frame[i];
        put(newton.move, i, part * (newton.solution[2 * i] * frame.e1 + newton.solution[2 * i + 1] * frame.e2));
    }
    if (!even_out(level, points, newton)) return -1;
    for (int64_t i = 0; i < level.n; ++i) newton.marked[i] = 0;
    for (int64_t t = 0; t < level.n_triangles; ++t) {
        const double after = triangle_energy(level, t, points);
        if (after >= 0 && after - triangle_energy(level, t, newton.before) < MUCH_WORSE * level.mass[t]) continue;
        for (int c = 0; c < 3; ++c) newton.marked[level.corners[3 * t + c]] = 1;
    }
    for (int repair = 0; repair < REPAIRS; ++repair)
        for (int64_t i = 0; i < level.n; ++i)
            if (newton.marked[i]) relax_vertex(level, points, i);
    return level_energy(level, points);
}

// One Newton step of a level whose energy is known. Returns whether the whole step could be taken.
bool newton_step(const Level& level, double* points, Newton& newton, double energy) {
    const bool solved = solve(level, newton);
    for (int64_t i = 0; i < 3 * level.n; ++i) newton.before[i] = points[i];
    double part = 1;
    for (int halving = 0; halving < HALVINGS; ++halving, part *= 0.5) {
        const double after = take_step(level, points, newton, part);
        if (after >= 0 && after < energy) return solved && halving == 0;
    }
    for (int64_t i = 0; i < 3 * level.n; ++i) points[i] = newton.before[i];
    newton.curvature *= LOST_CURVATURE;
    return false;
}

}  // namespace

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
