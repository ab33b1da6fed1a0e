package deploytest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/nomad/api"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"
)

// nomadJob is the top of a job file: Nomad decodes these blocks itself, and all
// below by the tags of its API's types.
type nomadJob struct {
	Variables []nomadVariable `hcl:"variable,block"`
	Job       []nomadNamedJob `hcl:"job,block"`
}

type nomadVariable struct {
	Name        string `hcl:"name,label"`
	Type        any    `hcl:"type,optional"`
	Description string `hcl:"description,optional"`
	Default     any    `hcl:"default,optional"`
}

type nomadNamedJob struct {
	Name string `hcl:"name,label"`
	api.Job
}

// dockerConfig is what Nomad's docker driver takes in a task's config, of its
// documentation; the driver's own code is not a module that can be had.
type dockerConfig struct {
	Image          string   `hcl:"image"`
	Args           []string `hcl:"args,optional"`
	CapDrop        []string `hcl:"cap_drop,optional"`
	Command        string   `hcl:"command,optional"`
	Ports          []string `hcl:"ports,optional"`
	ReadonlyRootfs bool     `hcl:"readonly_rootfs,optional"`
	SecurityOpt    []string `hcl:"security_opt,optional"`
}

// nomadProblems says what Nomad would not understand in a job file.
func nomadProblems(file *hclsyntax.Body) []string {
	r := nomadReader{variables: map[string]cty.Value{}}
	for _, block := range file.Blocks {
		if block.Type == "variable" && len(block.Labels) == 1 {
			r.variables[block.Labels[0]] = cty.DynamicVal
		}
	}
	r.body("", file, reflect.TypeFor[nomadJob]())
	return r.problems
}

type nomadReader struct {
	variables map[string]cty.Value
	problems  []string
}

func (r *nomadReader) complain(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// tagged is what the tags of a type say.
type tagged struct {
	attributes map[string]reflect.Type
	blocks     map[string]reflect.Type
	required   []string
	labels     int
}

func tagsOf(of reflect.Type) tagged {
	found := tagged{attributes: map[string]reflect.Type{}, blocks: map[string]reflect.Type{}}
	for _, field := range reflect.VisibleFields(of) {
		name, kind, _ := strings.Cut(field.Tag.Get("hcl"), ",")
		switch {
		case field.Tag.Get("hcl") == "":
		case kind == "label":
			found.labels++
		case kind == "block":
			found.blocks[name] = field.Type
		default:
			found.attributes[name] = field.Type
			if kind == "" {
				found.required = append(found.required, name)
			}
		}
	}
	return found
}

// body holds a body against the type that Nomad fills from it.
func (r *nomadReader) body(path string, body *hclsyntax.Body, of reflect.Type) {
	known := tagsOf(of)
	for name, attribute := range body.Attributes {
		if wanted, ok := known.attributes[name]; ok {
			r.attribute(path+"."+name, attribute.Expr, wanted)
		} else {
			r.complain("%s.%s is nothing that Nomad knows", path, name)
		}
	}
	for _, name := range known.required {
		if _, ok := body.Attributes[name]; !ok {
			r.complain("%s.%s is missing", path, name)
		}
	}
	count := map[string]int{}
	for _, block := range body.Blocks {
		wanted, ok := known.blocks[block.Type]
		if !ok {
			r.complain("%s.%s is no block that Nomad knows", path, block.Type)
			continue
		}
		if count[block.Type]++; count[block.Type] > 1 && wanted.Kind() == reflect.Pointer {
			r.complain("%s.%s is there twice", path, block.Type)
		}
		r.block(path+"."+block.Type, block, wanted)
	}
}

func (r *nomadReader) block(path string, block *hclsyntax.Block, wanted reflect.Type) {
	labels := 0
	switch {
	case path == ".job.group.task.config":
		r.body(path, block.Body, reflect.TypeFor[dockerConfig]())
	case wanted.Kind() == reflect.Map && wanted.Elem().Kind() != reflect.Pointer: // names of the user's own, such as env
		for name, attribute := range block.Body.Attributes {
			r.attribute(path+"."+name, attribute.Expr, wanted.Elem())
		}
	default:
		for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, wanted.Kind()) {
			wanted = wanted.Elem()
		}
		labels = tagsOf(wanted).labels
		r.body(path, block.Body, wanted)
	}
	if len(block.Labels) != labels {
		r.complain("%s has %d labels and needs %d", path, len(block.Labels), labels)
	}
}

// attribute evaluates an expression and converts it as Nomad would.
func (r *nomadReader) attribute(path string, expression hclsyntax.Expression, wanted reflect.Type) {
	if path == ".variable.type" {
		return // a type is no value; hcl has parsed it
	}
	context := &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(r.variables)}}
	for _, traversal := range expression.Variables() {
		if name := traversal.RootName(); name != "var" { // what the node fills in, such as NOMAD_SECRETS_DIR
			context.Variables[name] = cty.DynamicVal
		}
	}
	got, problems := expression.Value(context)
	if problems.HasErrors() {
		r.complain("%s: %v", path, problems)
		return
	}
	for wanted.Kind() == reflect.Pointer {
		wanted = wanted.Elem()
	}
	if wanted.Kind() == reflect.Interface || !got.IsWhollyKnown() {
		return
	}
	if wanted == reflect.TypeFor[time.Duration]() {
		if got.Type() != cty.String {
			r.complain("%s is no duration", path)
		} else if _, err := time.ParseDuration(got.AsString()); err != nil {
			r.complain("%s: %v", path, err)
		}
		return
	}
	implied, err := gocty.ImpliedType(reflect.Zero(wanted).Interface())
	if err != nil {
		r.complain("%s: %v", path, err)
		return
	}
	converted, err := convert.Convert(got, implied)
	if err == nil {
		err = gocty.FromCtyValue(converted, reflect.New(wanted).Interface())
	}
	if err != nil {
		r.complain("%s: %v", path, err)
	}
}
